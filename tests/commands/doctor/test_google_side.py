"""What only Google can say: the client, its redirect URI, the topic, the consents."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.google.push.project import PUBLISHER
from infra.local.tasks.schema import problems
from shared.commands.checks.finding import Verdict
from shared.domain.connect.scopes import SEND, SETTINGS_BASIC
from shared.ports.connections import Connections
from tests.harness.doctoring import EMAIL, DoctorHarness, answering, doctor_harness, finding_of

FAILED = Verdict.FAILED
WEEK = timedelta(days=7)


@pytest.mark.parametrize("changed", ["OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"])
async def test_a_wrong_client_id_or_secret_is_found(harness: DoctorHarness, changed: str):
    finding = await harness.look("OAuth client", **{changed: "another"})
    assert (finding.verdict, changed in finding.fix) == (FAILED, True)


async def test_a_secret_that_is_not_here_is_not_guessed_at(harness: DoctorHarness):
    context = harness.context()
    context.container.settings = replace(context.settings, oauth_client_secret="")
    assert (await finding_of("OAuth client", context)).verdict is Verdict.NOT_CHECKED


async def test_a_redirect_uri_that_google_does_not_know_is_named(harness: DoctorHarness):
    finding = await harness.look("redirect URI", PUBLIC_URL="https://mail.example.com")
    assert finding.verdict is FAILED
    assert "https://mail.example.com/oauth/callback" in finding.seen
    assert "auth/clients" in finding.fix


async def test_a_client_that_google_does_not_know_is_named(harness: DoctorHarness):
    finding = await harness.look("redirect URI", OAUTH_CLIENT_ID="another")
    assert (finding.verdict, "invalid_client" in finding.seen) == (FAILED, True)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (b"redirect_uri_mismatch", "Authorised redirect URIs"),
        (b"deleted_client", "Restore"),
        (b"invalid_client", "POSTROOM_OAUTH_CLIENT_ID"),
    ],
)
async def test_googles_own_error_page_is_read_as_people_have_seen_it(
    harness: DoctorHarness, code: bytes, words: str
):
    """A redirect to an address with the code in a protocol buffer, in URL-safe base64."""
    packed = b"\n" + bytes([len(code)]) + code + b"\x12\x05Words \x90\x03"
    error = urlsafe_b64encode(packed).decode().rstrip("=")
    page = f"https://accounts.google.com/signin/oauth/error?authError={error}&client_id=x"
    context = harness.context()
    context.container.bind(
        httpx.AsyncClient, answering(lambda _: httpx.Response(302, headers={"location": page}))
    )
    finding = await finding_of("redirect URI", context)
    assert (finding.verdict, words in finding.fix) == (FAILED, True)


@pytest.mark.parametrize(
    ("location", "verdict"),
    [
        ("https://accounts.google.com/v3/signin/identifier?opparams=x", Verdict.OK),
        ("https://accounts.google.com/a/page/nobody/knows", Verdict.NOT_CHECKED),
    ],
)
async def test_only_what_is_known_to_follow_a_good_client_counts_as_one(
    harness: DoctorHarness, location: str, verdict: Verdict
):
    context = harness.context()
    context.container.bind(
        httpx.AsyncClient, answering(lambda _: httpx.Response(302, headers={"location": location}))
    )
    assert (await finding_of("redirect URI", context)).verdict is verdict


async def test_looking_takes_no_end_users_scripted_answer(harness: DoctorHarness):
    await harness.system.control("/consent", {"email": EMAIL, "decision": "approve"})
    assert (await harness.look("redirect URI")).verdict is Verdict.OK
    assert len(harness.system.emulated.authorization.scripted) == 1


async def test_testing_mode_is_warned_of(harness: DoctorHarness):
    finding = await harness.look("publishing mode", PUBLISHING="testing")
    assert (finding.verdict, "auth/audience" in finding.fix) == (Verdict.WARNING, True)


async def test_production_that_hands_out_grants_for_a_week_is_testing(tmp_path: Path):
    async with doctor_harness(tmp_path, refresh_token_days=7) as harness:
        finding = await harness.look("publishing mode")
        assert (finding.verdict, harness.connection in finding.fix) == (FAILED, True)


async def test_production_whose_grants_die_at_a_week_is_testing(harness: DoctorHarness):
    await harness.system.advance(WEEK.total_seconds())
    await harness.system.control("/faults", {"fault": "grant_revoked"})
    await harness.system.client.post(
        "/sync/trigger",
        json={"provider_config_key": "google-mail", "connection_id": harness.connection},
    )
    await harness.system.settle()
    finding = await harness.look("publishing mode")
    assert (finding.verdict, "Publish" in finding.fix) == (FAILED, True)


async def given(harness: DoctorHarness, **changes: Any) -> None:
    """Change the stored connection."""
    connections = harness.system.container.use(Connections)
    was = await connections.get(harness.connection)
    assert was is not None
    await connections.swap(was, replace(was.value, **changes))


async def test_a_connection_made_for_sending_only_is_all_right(harness: DoctorHarness):
    """Unticked boxes are refused at the consent: what only sends was meant to."""
    await given(harness, scopes=frozenset({"openid", SEND}))
    finding = await harness.look("scopes")
    assert finding.verdict is Verdict.OK
    assert "1 for sending only: not_granted" in finding.seen


async def test_a_scope_that_google_never_granted_is_found(harness: DoctorHarness):
    await given(harness, scopes=frozenset({"https://mail.google.com/", SETTINGS_BASIC}))
    finding = await harness.look("scopes")
    assert (finding.verdict, SETTINGS_BASIC in finding.seen) == (FAILED, True)


async def test_a_grant_that_ended_at_google_is_found_before_anything_needs_it(
    harness: DoctorHarness,
):
    harness.system.emulated.grants.revoke(EMAIL)
    finding = await harness.look("scopes")
    assert (finding.verdict, "revoked" in finding.seen) == (FAILED, True)


async def test_a_grant_of_another_client_is_found(harness: DoctorHarness):
    finding = await harness.look("scopes", OAUTH_CLIENT_ID="another")
    assert (finding.verdict, "POSTROOM_OAUTH_CLIENT_ID" in finding.fix) == (FAILED, True)


async def test_a_topic_that_is_not_there_is_found(harness: DoctorHarness):
    finding = await harness.look("topic", GMAIL_TOPIC="projects/demo/topics/other")
    assert (finding.verdict, "topics create other --project=demo" in finding.fix) == (FAILED, True)


async def test_a_missing_right_to_publish_is_found(harness: DoctorHarness):
    harness.system.emulated.watches.publishers.clear()
    finding = await harness.look("topic")
    assert finding.verdict is FAILED
    assert "--member=serviceAccount:gmail-api-push@system.gserviceaccount.com" in finding.fix


async def test_a_right_under_a_condition_is_no_right(harness: DoctorHarness):
    members = sorted(harness.system.emulated.watches.publishers)
    binding = {"role": PUBLISHER, "members": members, "condition": {"expression": "false"}}
    context = harness.context()
    context.container.bind(
        httpx.AsyncClient, answering(lambda _: httpx.Response(200, json={"bindings": [binding]}))
    )
    assert (await finding_of("topic", context)).verdict is FAILED


async def test_rights_the_doctor_lacks_are_named_and_nothing_is_claimed(harness: DoctorHarness):
    context = harness.context()
    context.container.bind(httpx.AsyncClient, answering(lambda _: httpx.Response(403, json={})))
    finding = await finding_of("topic", context)
    assert (finding.verdict, "pubsub.topics.get" in finding.seen) == (Verdict.NOT_CHECKED, True)


async def test_a_subscription_that_pushes_elsewhere_is_found(harness: DoctorHarness):
    harness.system.emulated.pushes.endpoint = "https://old.example.com/push/gmail"
    finding = await harness.look("subscription")
    assert (finding.verdict, "https://old.example.com" in finding.seen) == (FAILED, True)
    assert "gcloud pubsub subscriptions create" in finding.fix


@pytest.mark.parametrize("name", ["topic", "subscription", "watches", "last push"])
async def test_where_mailboxes_are_asked_nothing_of_push_is_missed(
    harness: DoctorHarness, name: str
):
    finding = await harness.look(name, GMAIL_TOPIC="none")
    assert (finding.verdict, "No topic" in finding.seen) == (Verdict.NOT_CHECKED, True)


async def test_a_topic_without_subscription_is_found(harness: DoctorHarness):
    harness.system.emulated.pushes.endpoint = None
    finding = await harness.look("subscription")
    assert (finding.verdict, "none" in finding.seen) == (FAILED, True)


@pytest.mark.parametrize(
    ("changed", "value"),
    [("PUSH_SERVICE_ACCOUNT", "other@demo.iam.gserviceaccount.com"), ("PUSH_AUDIENCE", "other")],
)
async def test_a_subscription_that_signs_for_somebody_else_is_found(
    harness: DoctorHarness, changed: str, value: str
):
    finding = await harness.look("subscription", **{changed: value})
    assert (finding.verdict, "modify-push-config" in finding.fix) == (FAILED, True)


async def test_the_emulated_pubsub_answers_in_googles_shapes(harness: DoctorHarness):
    google, bearer = harness.system.google, {"Authorization": "Bearer x"}

    async def read(path: str) -> Mapping[str, Any]:
        answer = await google.get(f"/v1/projects/demo/{path}", headers=bearer)
        assert answer.status_code == 200
        found: Mapping[str, Any] = answer.json()
        return found

    shapes = {
        "topics/gmail": "Topic",
        "topics/gmail:getIamPolicy": "Policy",
        "topics/gmail/subscriptions": "ListTopicSubscriptionsResponse",
        "subscriptions/gmail-push": "Subscription",
    }
    for path, schema in shapes.items():
        assert problems(schema, await read(path), document="pubsub.v1") == []
    unsigned = await google.get("/v1/projects/demo/topics/gmail")
    absent = await google.get("/v1/projects/demo/topics/x", headers=bearer)
    assert (unsigned.status_code, absent.status_code) == (401, 404)
