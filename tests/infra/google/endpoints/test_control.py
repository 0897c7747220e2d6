"""The control API: what it answers, what it refuses, what survives."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from infra.local.google.__main__ import read_arguments
from infra.local.google.app import create_app
from infra.local.google.settings import GoogleSettings
from tests.infra.google.endpoints.visitor import ADA, MAIL, Visitor


async def test_a_mailbox_is_seeded_within_its_span(visitor: Visitor) -> None:
    body = {"email": "Cyd@demo.example", "messages": 20, "span_days": 5}

    await visitor.control("/mailboxes", body)

    found = (await visitor.http.get("/_control/mailboxes/cyd@demo.example/messages")).json()
    oldest = min(int(message["internalDate"]) for message in found["messages"])
    assert len(found["messages"]) == 20
    assert set(found["messages"][0]) >= {"id", "threadId", "labelIds", "internalDate"}
    assert oldest > visitor.google.clock.now().timestamp() * 1000 - 5.1 * 86_400_000


async def test_a_delivered_mail_answers_with_its_ids(visitor: Visitor) -> None:
    answer = await visitor.http.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)

    listed = (await visitor.http.get(f"/_control/mailboxes/{ADA}/messages")).json()["messages"]
    assert set(answer.json()) == {"id", "threadId", "historyId"}
    assert [message["id"] for message in listed] == [answer.json()["id"]]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/mailboxes", {}, "email"),
        ("/mailboxes", {"email": "nonsense"}, "email"),
        ("/mailboxes", {"email": ADA, "messages": -1}, "messages"),
        ("/mailboxes", {"email": ADA, "mesages": 1}, "mesages"),
        ("/consent", {"email": ADA, "decision": "maybe"}, "decision"),
        ("/consent", {"email": "x@demo.example", "decision": "deny"}, "no mailbox"),
        ("/consent", {"email": ADA, "decision": "approve", "scopes": ["gmail.all"]}, "gmail.all"),
        ("/faults", {"fault": "gremlins"}, "unknown fault"),
        ("/faults", {"fault": "latency"}, "delay_ms"),
        ("/faults", {"fault": "status_500", "times": 0}, "times"),
        ("/faults", {"fault": "status_500", "method": "mesages.get"}, "unknown method"),
        ("/clock", {"advance_s": -1}, "advance_s"),
        ("/clock", {}, "advance_s"),
        ("/quota", {"units_per_minute": -5}, "units_per_minute"),
        ("/reading", {"address_words": "perhaps"}, "address_words"),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused_with_the_reason(
    visitor: Visitor, path: str, body: dict[str, Any], says: str
) -> None:
    answer = await visitor.http.post(f"/_control{path}", json=body)

    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


async def test_text_that_is_not_json_is_refused(visitor: Visitor) -> None:
    assert (await visitor.http.post("/_control/clock", content=b"soon")).status_code == 400


async def test_an_unknown_mailbox_is_a_404_and_an_empty_mail_a_400(visitor: Visitor) -> None:
    unknown = await visitor.http.post("/_control/mailboxes/x@demo.example/messages", content=MAIL)
    empty = await visitor.http.post(f"/_control/mailboxes/{ADA}/messages")

    assert (unknown.status_code, empty.status_code) == (404, 400)


async def test_a_reset_forgets_everything_but_the_key(visitor: Visitor) -> None:
    tokens = await visitor.sign_in()
    await visitor.control("/faults", {"fault": "status_500"})
    before = (await visitor.http.get("/oauth2/v3/certs")).json()

    await visitor.control("/reset")

    assert (await visitor.http.get("/_control/mailboxes")).json() == {"mailboxes": []}
    assert (await visitor.http.get("/_control/faults")).json() == {"faults": []}
    assert (await visitor.http.get("/_control/stats")).json()["calls"] == 0
    assert (await visitor.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await visitor.http.get("/oauth2/v3/certs")).json() == before


class TestFollowed:
    """Another process keeps the same time."""

    @pytest.fixture
    def settings(self, unused_address: str) -> GoogleSettings:
        return dataclasses.replace(GoogleSettings(), clock_follower=unused_address)

    @pytest.fixture
    def unused_address(self) -> str:
        return "http://127.0.0.1:1/clock"

    async def test_a_follower_that_does_not_answer_is_named(self, visitor: Visitor) -> None:
        answer = await visitor.http.post("/_control/clock", json={"advance_s": 5})

        assert answer.status_code == 502
        assert "http://127.0.0.1:1/clock" in answer.json()["error"]["message"]


async def test_grants_keys_and_watches_survive_a_restart(tmp_path: Path) -> None:
    settings = GoogleSettings(state=str(tmp_path / "google.sqlite"), push_endpoint=None)
    first = create_app(settings).state.google
    first.store.create_mailbox(ADA)
    token = first.grants.new_access_token(ADA, ["openid"], 0)
    first.watches.watch(ADA, settings.topic)
    keys = first.key.jwks()
    first.close()

    second = create_app(settings).state.google

    assert second.key.jwks() == keys
    assert second.grants.access(token).email == ADA
    assert second.watches.alive(ADA).topic == settings.topic
    second.close()


def test_the_command_line_reaches_the_settings() -> None:
    arguments = ["--port", "1234", "--project", "acme", "--redirect-uri", "http://a.test/cb"]

    settings = read_arguments(arguments)

    assert settings.port == 1234
    assert settings.redirect_uris == ("http://a.test/cb",)
    assert settings.topic == "projects/acme/topics/gmail"
    assert settings.push_service_account == "gmail-push@acme.iam.gserviceaccount.com"


async def test_words_in_addresses_stay_encoded_where_asked_until_the_reset(
    visitor: Visitor,
) -> None:
    said: list[str] = [visitor.google.store.address_words]
    answer = await visitor.http.post("/_control/reading", json={"address_words": "encoded"})
    said.append(visitor.google.store.address_words)
    await visitor.control("/reset", {})
    said.append(visitor.google.store.address_words)
    assert answer.json() == {"address_words": "encoded"}
    assert said == ["decoded", "encoded", "decoded"]


async def test_tokens_come_without_a_browser_and_work_like_any_others(visitor: Visitor) -> None:
    """The scopes are those asked for; an account or a scope there is not is refused."""
    body = {"email": ADA, "scopes": ["gmail.readonly"]}
    tokens = await visitor.control("/tokens", body)
    profile = await visitor.gmail("GET", "me/profile", tokens["access_token"])
    sent = await visitor.gmail("POST", "me/messages/send", tokens["access_token"], json={})
    refreshed = await visitor.refresh(tokens["refresh_token"])
    refused = [
        (await visitor.http.post("/_control/tokens", json={**body, **wrong})).status_code
        for wrong in ({"email": "x@demo.example"}, {"scopes": ["gmail.all"]})
    ]
    assert (profile.status_code, sent.status_code, refreshed.status_code) == (200, 403, 200)
    assert refused == [400, 400]
