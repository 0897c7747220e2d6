"""Actions and the proxy through Nango's Node client: send, later, look, call Gmail itself."""

import asyncio
from base64 import urlsafe_b64encode
from typing import Any

import jsonschema
import pytest

from infra.local.environment import INTEGRATION
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA, BOB
from tests.interop.nango import Nango, NangoError

pytestmark = pytest.mark.asyncio(loop_scope="module")
MESSAGES = "/gmail/v1/users/me/messages"
CLEO, DORA = "cleo@example.org", "dora@example.org"


def lunch(subject: str, **more: Any) -> dict[str, Any]:
    return {"to": BOB, "subject": subject, "body": "Shall we?", **more}


def headers_of(message: dict[str, Any]) -> dict[str, str]:
    return {one["name"].lower(): one["value"] for one in message["payload"]["headers"]}


async def outputs(nango: Nango) -> dict[str, Any]:
    """Return the JSON schema of each action's output, as getScriptsConfig tells it."""
    (config,) = await nango.getScriptsConfig()
    return {
        one["name"]: {**one["json_schema"], "$ref": f"#/definitions/{one['returns'][0]}"}
        for one in config["actions"]
    }


async def subjects(system: LocalSystem, email: str) -> list[str]:
    """Return the subjects of all mail in an emulated mailbox."""
    store = system.emulated.store
    return [str(one["subject"]) for one in store.messages(email)]


async def test_an_email_is_sent_to_everyone_it_names(nango: Nango, connection: str) -> None:
    email = lunch("Lunch", cc=CLEO, bcc=DORA)
    sent = await nango.triggerAction(INTEGRATION, connection, "send-email", email)
    jsonschema.validate(sent, (await outputs(nango))["send-email"])
    assert sent["status"] == "submitted"
    got = await nango.triggerAction(INTEGRATION, connection, "get-message", {"id": sent["id"]})
    jsonschema.validate(got, (await outputs(nango))["get-message"])
    assert got["threadId"] == sent["threadId"]
    assert "SENT" in got["labelIds"]
    headers = headers_of(got)
    assert (headers["to"], headers["cc"], headers["bcc"]) == (BOB, CLEO, DORA)
    assert (headers["subject"], headers["message-id"]) == ("Lunch", sent["messageId"])


async def test_headers_that_say_what_a_field_says_are_taken_as_it(
    nango: Nango, connection: str
) -> None:
    given = {
        "Cc": CLEO,
        "Bcc": DORA,
        "Reply-To": "desk@acme.example",
        "In-Reply-To": "<a@example.org>",
        "References": "<z@example.org> <a@example.org>",
        "Content-Type": "text/html; charset=utf-8",
    }
    email = lunch("Lunch by headers", headers=given)
    sent = await nango.triggerAction(INTEGRATION, connection, "send-email", email)
    got = await nango.triggerAction(INTEGRATION, connection, "get-message", {"id": sent["id"]})
    headers = headers_of(got)
    content = given.pop("Content-Type")
    assert {name: headers[name.lower()] for name in given} == given
    assert "text/html" in content
    assert "text/html" in str(got["payload"])


@pytest.mark.parametrize("nobody", [{}, {"cc": None, "bcc": None}, {"cc": "", "bcc": ""}])
async def test_absent_copies_may_be_left_out_null_or_empty(
    nango: Nango, connection: str, nobody: dict[str, Any]
) -> None:
    email = lunch("Alone", **nobody)
    sent = await nango.triggerAction(INTEGRATION, connection, "send-email", email)
    got = await nango.triggerAction(INTEGRATION, connection, "get-message", {"id": sent["id"]})
    assert {"cc", "bcc"}.isdisjoint(headers_of(got))


async def test_an_action_that_runs_later_is_looked_up_until_it_is_done(
    nango: Nango, connection: str
) -> None:
    accepted = await nango.triggerActionAsync(INTEGRATION, connection, "send-email", lunch("Later"))
    assert accepted["statusUrl"] == f"/action/{accepted['id']}"
    output = await finished(nango, {"statusUrl": accepted["statusUrl"]})
    jsonschema.validate(output, (await outputs(nango))["send-email"])
    assert output["status"] == "submitted"
    assert await finished(nango, {"id": accepted["id"]}) == output


async def finished(nango: Nango, accepted: dict[str, str]) -> Any:
    """Ask until the action is done: 404 says that it still runs."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await nango.getAsyncActionResult(accepted)
            except NangoError as error:
                assert error.status == 404, error  # noqa: PT017  anything else is a failure
                await asyncio.sleep(0.05)


async def test_an_action_that_fails_later_raises_its_error_when_looked_up(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    missing = {"id": "00000000deadbeef"}
    accepted = await nango.triggerActionAsync(INTEGRATION, connection, "get-message", missing)
    await system.settle()
    with pytest.raises(NangoError) as refused:
        await nango.getAsyncActionResult({"id": accepted["id"]})
    assert (refused.value.status, refused.value.code) == (424, "upstream_error")


async def test_every_action_and_sync_is_described_by_schemas_that_hold(
    nango: Nango, connection: str
) -> None:
    (config,) = await nango.getScriptsConfig()
    assert (config["providerConfigKey"], config["provider"]) == (INTEGRATION, INTEGRATION)
    (sync,) = config["syncs"]
    assert (sync["name"], sync["returns"]) == ("fetch-messages", ["EmailMessage"])
    page = await nango.listRecords(
        {
            "providerConfigKey": INTEGRATION,
            "connectionId": connection,
            "model": sync["returns"][0],
            "limit": 20,
        }
    )
    record = {**sync["json_schema"], "$ref": "#/definitions/EmailMessage"}
    for one in page["records"]:
        jsonschema.validate(one, record)
    schemas = await outputs(nango)
    for name in ("list-labels", "get-profile", "list-messages", "list-send-as-aliases"):
        output = await nango.triggerAction(INTEGRATION, connection, name)
        jsonschema.validate(output, schemas[name])


async def test_the_same_actions_are_tools_for_a_language_model(nango: Nango) -> None:
    tools = (await nango.getScriptsConfig("openai"))["data"]
    (config,) = await nango.getScriptsConfig("nango")
    # On how the mailbox is kept current: no tools.
    working = {"watch-mailbox", "stop-watch", "list-watch-history"}
    assert {one["name"] for one in tools} == {one["name"] for one in config["actions"]} - working
    (send,) = [one for one in tools if one["name"] == "send-email"]
    jsonschema.validate(lunch("Tools"), send["parameters"])


async def test_the_proxy_reads_and_writes_gmail_itself(nango: Nango, connection: str) -> None:
    gmail = nango.using(connectionId=connection, providerConfigKey=INTEGRATION)
    profile = await gmail.get({"endpoint": "/gmail/v1/users/me/profile", "retries": 3})
    assert (profile["status"], profile["data"]["emailAddress"]) == (200, ADA)
    listed = await gmail.get({"endpoint": MESSAGES, "params": {"maxResults": "2", "q": "in:inbox"}})
    assert len(listed["data"]["messages"]) == 2
    id = listed["data"]["messages"][0]["id"]
    changed = await gmail.post(
        {"endpoint": f"{MESSAGES}/{id}/modify", "data": {"addLabelIds": ["STARRED"]}}
    )
    assert "STARRED" in changed["data"]["labelIds"]
    label = {"endpoint": "gmail/v1/users/me/labels", "method": "POST", "data": {"name": "Blue"}}
    made = (await gmail.proxy({**label, "headers": {"X-Trace": "1"}}))["data"]
    path = f"/gmail/v1/users/me/labels/{made['id']}"
    patched = await gmail.patch({"endpoint": path, "data": {"name": "Green"}})
    assert patched["data"]["name"] == "Green"
    put = await gmail.put({"endpoint": path, "data": {**made, "name": "Red"}})
    assert put["data"]["name"] == "Red"
    gone = await gmail.delete({"endpoint": path})
    assert gone["status"] in {200, 204}


async def test_the_proxy_sends_raw_mail_and_passes_gmails_errors_on(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    gmail = nango.using(connectionId=connection, providerConfigKey=INTEGRATION)
    raw = f"To: {BOB}\r\nSubject: Raw\r\n\r\nHello.".encode()
    sent = await gmail.post(
        {"endpoint": f"{MESSAGES}/send", "data": {"raw": urlsafe_b64encode(raw).decode()}}
    )
    assert "SENT" in sent["data"]["labelIds"]
    got = await gmail.get({"endpoint": f"{MESSAGES}/{sent['data']['id']}"})
    assert headers_of(got["data"])["subject"] == "Raw"
    with pytest.raises(NangoError) as refused:
        await gmail.get({"endpoint": f"{MESSAGES}/00000000deadbeef"})
    assert refused.value.status == 404
    assert refused.value.data["error"]["errors"][0]["reason"] == "notFound"
    with pytest.raises(NangoError) as refused:
        await gmail.get({"endpoint": "/v1/a", "baseUrlOverride": "https://example.org"})
    assert refused.value.status in {400, 404}
