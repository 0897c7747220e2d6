"""Settings name every problem at once, and keep secrets out of sight."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.edge.settings.deployment import settings_from
from shared.errors import ConfigurationError
from tests.harness import samples


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return samples.environ(tmp_path)


def test_every_problem_is_named_in_one_error(environ: Mapping[str, str]) -> None:
    wrong = {
        **environ,
        "POSTROOM_PUBLIC_URL": "postroom.example.com",
        "POSTROOM_OAUTH_CLIENT_ID": "",
        "POSTROOM_API_KEYS": "the-key-itself",
        "POSTROOM_UNITS_PER_MINUTE": "-1",
    }
    with pytest.raises(ConfigurationError) as raised:
        settings_from(wrong)
    for name in ("PUBLIC_URL", "OAUTH_CLIENT_ID", "API_KEYS", "UNITS_PER_MINUTE"):
        assert f"POSTROOM_{name}" in str(raised.value)


def test_an_error_never_repeats_a_value(environ: Mapping[str, str]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        settings_from({**environ, "POSTROOM_API_KEYS": "the-key-itself"})
    assert "the-key-itself" not in str(raised.value)


def test_defaults_follow_from_the_public_address(environ: Mapping[str, str]) -> None:
    settings = settings_from(environ)
    assert settings.push_audience == "http://127.0.0.1:8080/push/gmail"
    assert settings.tasks_audience == "http://127.0.0.1:8080"
    assert settings.redirect_uri == "http://127.0.0.1:8080/oauth/callback"
    assert settings.units_per_minute == 6000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "http://postroom.example.com"),
        ("PRODUCT_ORIGINS", "https://product.example.com/app"),
        ("PRODUCT_ORIGINS", "http://192.168.1.2:*"),
        ("INTEGRATION_ALIASES", "gmail, google mail"),
        ("SYNC_ALIAS", "emails"),
        ("SYNC_ALIAS", "Emails/gmail"),
        ("SYNC_ALIAS", "emails/A,emails/B"),
        ("SYNC_ALIAS", "emails/A,inbox/A"),
        ("STORE", "mongodb:postroom"),
        ("QUEUE", "cloud-tasks:europe-west1"),
        ("KEYRING", "kms"),
        ("GMAIL_TOPIC", "gmail"),
        ("PUSH_SERVICE_ACCOUNT", "gmail-push"),
        ("API_KEYS", "g" * 64),
        ("TOKEN_CHECK", "none"),
        ("FUNCTION_URLS", "nobody=https://nobody.example.com"),
        ("FUNCTION_URLS", "send=http://send.example.com"),
    ],
)
def test_a_value_that_cannot_work_is_refused(
    environ: Mapping[str, str], name: str, value: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"POSTROOM_{name}"):
        settings_from({**environ, f"POSTROOM_{name}": value})


def test_a_deployment_may_say_that_it_has_no_topic(environ: Mapping[str, str]) -> None:
    assert not settings_from({**environ, "POSTROOM_GMAIL_TOPIC": "none"}).gmail_topic
    with pytest.raises(ConfigurationError, match="POSTROOM_GMAIL_TOPIC is not set"):
        settings_from({**environ, "POSTROOM_GMAIL_TOPIC": ""})


def test_origins_of_any_port_are_for_a_laptop_alone(environ: Mapping[str, str]) -> None:
    anywhere = {**environ, "POSTROOM_PRODUCT_ORIGINS": "http://localhost:*,http://127.0.0.1:*"}
    origins = settings_from(anywhere).product_origins
    assert origins == ("http://localhost:*", "http://127.0.0.1:*")
    deployed = {**anywhere, "POSTROOM_PUBLIC_URL": "https://postroom.example"}
    with pytest.raises(ConfigurationError, match="POSTROOM_PRODUCT_ORIGINS"):
        settings_from(deployed)


def test_an_embedded_queue_beside_firestore_is_named_and_a_laptops(
    environ: Mapping[str, str],
) -> None:
    beside = {**environ, "POSTROOM_STORE": "firestore:demo/(default)"}
    with pytest.raises(ConfigurationError, match="POSTROOM_QUEUE"):
        settings_from(beside)
    named = {**beside, "POSTROOM_QUEUE": "sqlite:/tmp/queue.sqlite"}
    assert settings_from(named).queue_path == Path("/tmp/queue.sqlite")
    with pytest.raises(ConfigurationError, match="POSTROOM_QUEUE"):
        settings_from({**named, "POSTROOM_PUBLIC_URL": "https://postroom.example"})


def test_a_function_does_without_the_secrets_it_names(environ: Mapping[str, str]) -> None:
    lacking = {**environ, "POSTROOM_OAUTH_CLIENT_SECRET": ""}
    settings = settings_from(lacking, without=frozenset({"OAUTH_CLIENT_SECRET"}))
    assert not settings.oauth_client_secret
    with pytest.raises(ConfigurationError, match="POSTROOM_OAUTH_CLIENT_SECRET is not set"):
        settings_from(lacking)


def test_a_task_goes_to_the_own_address_of_the_function_behind_its_path(
    environ: Mapping[str, str],
) -> None:
    own = "sync_mailbox=https://sync.example.com/, run_actions=https://run.example.com"
    settings = settings_from({**environ, "POSTROOM_FUNCTION_URLS": own})
    assert settings.task_url("/tasks/sync") == "https://sync.example.com"
    assert settings.task_url("/tasks/action") == "https://run.example.com"
    assert settings.task_url("/tasks/send/bulk") == "https://run.example.com"
    assert settings.task_url("/tasks/deliver") is None


@pytest.mark.parametrize("function", ["", "api", "send", "oauth_callback", "nobody"])
def test_only_a_function_google_alone_may_invoke_trusts_the_platforms_check(
    environ: Mapping[str, str], function: str
) -> None:
    trusting = {**environ, "POSTROOM_TOKEN_CHECK": "claims", "FUNCTION_TARGET": function}
    with pytest.raises(ConfigurationError, match="POSTROOM_TOKEN_CHECK"):
        settings_from(trusting)
    private = settings_from({**trusting, "FUNCTION_TARGET": "gmail_push"})
    assert private.token_check == "claims"
    assert settings_from(environ).token_check == "signature"


def test_a_printed_settings_object_shows_no_secret(environ: Mapping[str, str]) -> None:
    settings = settings_from(environ)
    assert settings.oauth_client_secret not in repr(settings)
