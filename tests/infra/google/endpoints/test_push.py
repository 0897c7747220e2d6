"""Pushes as the endpoint sees them: envelope, signature, acknowledgement, retry, faults."""

import dataclasses
import itertools
from typing import Any

import pytest

from infra.local.google.settings import GoogleSettings
from tests.infra.google.endpoints.visitor import ADA, MAIL, Endpoint, Visitor

TOPIC = "projects/demo/topics/gmail"
NEW = "ada.lovelace@demo.example"
CONFLICT = (
    "Only one user push notification client allowed per developer (call /stop then try again)"
)


@pytest.fixture
async def watched(visitor: Visitor, token: str, endpoint: Endpoint) -> dict[str, str]:
    """Watch Ada's mailbox and forget the push that announces the watch."""
    answer = await visitor.watch(token)
    await visitor.control("/settle")
    endpoint.pushes.clear()
    return dict(answer.json())


def deliver(visitor: Visitor, after_s: float = 1) -> int:
    """Deliver a mail so long after the last event: within a second it would not be told."""
    visitor.google.clock.advance(after_s)
    history_id: int = visitor.google.store.deliver(ADA, MAIL).history_id
    return history_id


async def test_a_watch_lasts_a_week_and_pushes_at_once(
    visitor: Visitor, token: str, endpoint: Endpoint
) -> None:
    answer = (await visitor.watch(token)).json()
    await visitor.control("/settle")

    left = int(answer["expiration"]) / 1000 - visitor.google.clock.now().timestamp()
    assert 7 * 86_400 - 60 < left <= 7 * 86_400
    assert [push.data for push in endpoint.pushes] == [
        {"emailAddress": ADA, "historyId": int(answer["historyId"])}
    ]


async def test_a_change_arrives_in_a_signed_envelope(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    history_id = deliver(visitor)
    await visitor.control("/settle")

    (push,) = endpoint.pushes
    settings = visitor.google.settings
    scheme, signed = push.headers["authorization"].split()
    claims = await visitor.verified(signed, settings.push_endpoint)
    assert scheme == "Bearer"
    assert claims["iss"] == "https://accounts.google.com"
    assert claims["email"] == "gmail-push@demo.iam.gserviceaccount.com"
    assert claims["email_verified"] is True
    assert push.data == {"emailAddress": ADA, "historyId": history_id}
    assert push.body["subscription"] == "projects/demo/subscriptions/gmail-push"
    message = push.body["message"]
    assert message["messageId"] == message["message_id"]
    assert message["publishTime"].endswith("Z")
    assert push.headers["user-agent"] == "CloudPubSub-Google"
    assert push.headers["from"] == "noreply@google.com"
    assert push.headers["accept"] == push.headers["content-type"] == "application/json"
    assert push.headers["accept-encoding"] == "gzip, deflate, br"


@pytest.mark.parametrize("ending", ["stop", "expiry", "revocation"])
async def test_a_watch_ends_by_stop_and_by_age_but_not_by_revocation(
    visitor: Visitor, token: str, watched: dict[str, str], endpoint: Endpoint, ending: str
) -> None:
    if ending == "stop":
        await visitor.gmail("POST", "me/stop", token)
    elif ending == "expiry":
        visitor.google.clock.advance(7 * 86_400)
    else:
        await visitor.http.post("/revoke", data={"token": token})

    deliver(visitor)
    await visitor.control("/settle")

    assert len(endpoint.pushes) == (1 if ending == "revocation" else 0)


async def test_a_topic_of_another_project_or_of_nobody_is_refused(
    visitor: Visitor, token: str
) -> None:
    foreign = await visitor.watch(token, "projects/other/topics/gmail")
    unknown = await visitor.watch(token, "projects/demo/topics/nothing")

    assert foreign.status_code == 400
    assert foreign.json()["error"]["message"] == (
        "Invalid topicName does not match projects/demo/topics/*"
    )
    assert unknown.status_code == 404


async def test_a_second_topic_conflicts_until_the_watch_is_stopped(
    visitor: Visitor, token: str, watched: dict[str, str]
) -> None:
    conflict = await visitor.watch(token, "projects/demo/topics/second")
    renewal = await visitor.watch(token, TOPIC)

    assert (conflict.status_code, conflict.json()["error"]["message"]) == (400, CONFLICT)
    assert renewal.status_code == 200


@pytest.mark.parametrize("status", [102, 200, 201, 202, 204])
async def test_these_answers_acknowledge(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint, status: int
) -> None:
    endpoint.statuses.append(status)
    deliver(visitor)

    assert await visitor.control("/settle") == {"in_flight": 0, "waiting": 0}


@pytest.mark.parametrize("status", [203, 206, 302, 400, 401, 404, 429, 500, 503])
async def test_other_answers_bring_the_same_message_again(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint, status: int
) -> None:
    endpoint.statuses.append(status)
    deliver(visitor)
    await visitor.control("/settle")
    visitor.google.clock.advance(1)
    await visitor.control("/settle")

    first, second = endpoint.pushes
    assert first.message_id == second.message_id


async def test_retries_back_off_from_a_tenth_of_a_second_to_a_minute(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    endpoint.statuses.extend([500] * 1000)
    deliver(visitor)
    await visitor.control("/settle")
    seen = []
    for step in (*[60] * 12, 30, 30):
        visitor.google.clock.advance(step)
        await visitor.control("/settle")
        seen.append(len(endpoint.pushes))

    assert all(later > earlier for earlier, later in itertools.pairwise(seen[:12]))
    assert seen[-1] - seen[-3] == 1


async def test_a_push_nobody_takes_is_given_up_after_a_week(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    endpoint.statuses.extend([500] * 1000)
    deliver(visitor)
    await visitor.control("/settle")
    visitor.google.clock.advance(7 * 86_400)

    assert await visitor.control("/settle") == {"in_flight": 0, "waiting": 0}


async def test_a_dropped_push_never_comes(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    await visitor.control("/faults", {"fault": "push_drop", "email": ADA, "times": 1})
    deliver(visitor)
    second = deliver(visitor)
    await visitor.control("/settle")

    assert [push.data["historyId"] for push in endpoint.pushes] == [second]


async def test_a_doubled_push_comes_twice_under_one_id(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    await visitor.control("/faults", {"fault": "push_double", "times": 1})
    deliver(visitor)
    await visitor.control("/settle")

    assert len(endpoint.pushes) == 2
    assert len({push.message_id for push in endpoint.pushes}) == 1


async def test_a_late_push_waits_for_its_time(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    await visitor.control("/faults", {"fault": "push_late", "times": 1, "delay_ms": 60_000})
    deliver(visitor)
    await visitor.control("/settle")
    before = len(endpoint.pushes)
    await visitor.control("/clock", {"advance_s": 61})
    await visitor.control("/settle")

    assert (before, len(endpoint.pushes)) == (0, 1)


async def test_a_reordered_push_is_overtaken_by_the_next(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    await visitor.control("/faults", {"fault": "push_reorder", "times": 1, "delay_ms": 60_000})
    first, second = deliver(visitor), deliver(visitor)
    await visitor.control("/settle")

    assert [push.data["historyId"] for push in endpoint.pushes] == [second, first]


async def test_a_reordered_push_with_nothing_behind_it_comes_late(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    await visitor.control("/faults", {"fault": "push_reorder", "times": 1, "delay_ms": 60_000})
    first = deliver(visitor)
    visitor.google.clock.advance(61)
    await visitor.control("/settle")
    second = deliver(visitor)
    await visitor.control("/settle")

    assert [push.data["historyId"] for push in endpoint.pushes] == [first, second]


@pytest.mark.parametrize(
    ("label_filter", "label_ids", "announced"),
    [
        ({"labelIds": ["INBOX"]}, ["INBOX", "UNREAD"], True),
        ({"labelIds": ["INBOX"]}, ["SPAM"], False),
        ({"labelIds": ["INBOX"]}, ["SENT"], True),
        ({"labelIds": ["SPAM"], "labelFilterBehavior": "exclude"}, ["SPAM"], False),
        ({"labelIds": ["SPAM"], "labelFilterBehavior": "EXCLUDE"}, ["INBOX"], True),
    ],
)
async def test_a_label_filter_holds_back_other_mail_but_leaks_what_was_sent(
    visitor: Visitor,
    token: str,
    endpoint: Endpoint,
    label_filter: dict[str, Any],
    label_ids: list[str],
    announced: bool,
) -> None:
    body = {"topicName": TOPIC, **label_filter}
    await visitor.gmail("POST", "me/watch", token, json=body)
    visitor.google.clock.advance(1)
    visitor.google.store.deliver(ADA, MAIL, label_ids=label_ids)
    await visitor.control("/settle")

    assert len(endpoint.pushes) == (2 if announced else 1)


async def test_events_beyond_one_a_second_vanish(
    visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
) -> None:
    """Gmail's own cap (FACTS 2.3); what it drops is counted."""
    first = deliver(visitor, after_s=2)
    deliver(visitor, after_s=0)
    third = deliver(visitor, after_s=2)
    await visitor.control("/settle")

    assert [push.data["historyId"] for push in endpoint.pushes] == [first, third]
    assert visitor.google.pushes.counts["capped"] == 1


class TestUncapped:
    """The cap can be taken off."""

    @pytest.fixture
    def settings(self) -> GoogleSettings:
        return dataclasses.replace(GoogleSettings(), max_pushes_per_second=None)

    async def test_every_event_is_told(
        self, visitor: Visitor, watched: dict[str, str], endpoint: Endpoint
    ) -> None:
        told = [deliver(visitor, after_s=0) for _ in range(3)]
        await visitor.control("/settle")

        assert sorted(push.data["historyId"] for push in endpoint.pushes) == told


async def test_the_cap_is_changed_at_once_and_comes_back_with_a_reset(visitor: Visitor) -> None:
    """0 takes it off."""
    said = [
        (await visitor.control("/quota", body))["pushes_per_second"]
        for body in ({}, {"pushes_per_second": 5}, {"pushes_per_second": 0})
    ]
    await visitor.control("/reset")
    assert said == [1, 5, 0]
    assert visitor.google.pushes.most_per_second == 1


async def test_a_renamed_account_keeps_its_sub_grants_mail_and_watch(
    visitor: Visitor, token: str, watched: dict[str, str], endpoint: Endpoint
) -> None:
    """Who takes the former address afterwards is another account."""
    before = await visitor.subject(token)
    deliver(visitor)
    await visitor.control(f"/mailboxes/{ADA}/rename", {"to": NEW})
    await visitor.control("/mailboxes", {"email": ADA})
    await visitor.control("/settle")
    visitor.google.clock.advance(1)
    visitor.google.store.deliver(NEW, MAIL)
    await visitor.control("/settle")

    assert [push.data["emailAddress"] for push in endpoint.pushes] == [ADA, NEW]
    assert len(visitor.google.store.messages(NEW)) == 2
    assert visitor.google.store.messages(ADA) == []
    assert await visitor.subject(token) == before
    other = visitor.google.tokens.grant(ADA, ["openid"])["access_token"]
    assert await visitor.subject(other) != before


async def test_a_rename_to_an_address_that_is_taken_is_refused(visitor: Visitor) -> None:
    await visitor.control("/mailboxes", {"email": NEW})
    answer = await visitor.http.post(f"/_control/mailboxes/{ADA}/rename", json={"to": NEW})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("fault", "own", "announced"),
    [
        ("push_googlemail", "lovelace@gmail.com", "lovelace@googlemail.com"),
        ("push_googlemail", "lovelace@googlemail.com", "lovelace@gmail.com"),
        ("push_googlemail", NEW, NEW),
        ("push_former_address", NEW, ADA),
    ],
)
async def test_a_push_may_name_another_address_of_the_mailbox(
    visitor: Visitor,
    watched: dict[str, str],
    endpoint: Endpoint,
    fault: str,
    own: str,
    announced: str,
) -> None:
    await visitor.control(f"/mailboxes/{ADA}/rename", {"to": own})
    await visitor.control("/faults", {"fault": fault, "times": 1})
    visitor.google.clock.advance(1)
    visitor.google.store.deliver(own, MAIL)
    await visitor.control("/settle")
    assert [push.data["emailAddress"] for push in endpoint.pushes] == [announced]
