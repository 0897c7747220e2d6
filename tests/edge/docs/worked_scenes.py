"""The order in which the worked requests of the reference are sent, and what each needs before."""

from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from infra.local.environment import API_KEY
from infra.local.loopback import loopback_client
from shared.edge.web.openapi.requests import MESSAGE
from tests.edge.docs.worked import Worked
from tests.harness.whole import whole_system

ADA, GRACE = "ada@acme.example", "grace@acme.example"
TENANT: Final = {"Authorization": f"Bearer {API_KEY}", "Connection-Id": "c-1"}
TOKEN: Final = "a refresh token of Google's"


async def every_answer(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Send every worked request. Return what came, by the route's name."""
    async with (
        whole_system(folder, {ADA: 3, GRACE: 0}) as system,
        loopback_client(timeout=60) as browser,
    ):
        worked = Worked(system, browser, {"$POSTROOM_KEY": API_KEY})
        for scene in (connect, look, read, steer, send, act, call_gmail, tell, hand_out, end):
            await scene(worked)
            await system.settle()
        worked.known |= {value: stand for stand, value in worked.real.items()}
        return worked.printed()


async def connect(worked: Worked) -> None:
    """Connect Ada's mailbox as a person does, then take it over as `c-1`."""
    token = (await worked.ask("POST /connect/sessions"))["data"]["token"]
    worked.real |= {"session-1": token, "$SESSION_TOKEN": token}
    await worked.ask("GET /connect-ui")
    await worked.ask("POST /connect/session/ticket")
    await worked.system.control("/consent", {"email": ADA, "decision": "approve"})
    to_google = (await worked.answer("GET /oauth/start")).headers["location"]
    back = (await worked.browser.get(to_google)).headers["location"]
    query = dict(parse_qsl(urlsplit(back).query))
    issuer = {"https://accounts.google.com": query["iss"]}
    worked.known[to_google.partition("?")[0]] = "https://accounts.google.com/o/oauth2/v2/auth"
    worked.real |= issuer
    await worked.ask("GET /oauth/callback", state_1=query["state"], code_1=query["code"])
    for stand in ("state-1", "code-1", *issuer):
        del worked.real[stand]
    connected = (await worked.ask("GET /connect/session"))["data"]["connection_id"]
    path = f"/connections/{connected}?refresh_token=true"
    seen = (await worked.system.client.get(path)).json()
    worked.real[TOKEN] = seen["credentials"]["refresh_token"]
    await worked.ask("POST /connections")
    del worked.real[TOKEN]
    (await worked.system.client.delete(f"/connections/{connected}")).raise_for_status()
    await worked.ask("DELETE /connect/session")
    await worked.ask("POST /connect/sessions/reconnect")


async def look(worked: Worked) -> None:
    for name in ("GET /health", "GET /openapi.json"):
        await worked.ask(name)
    for name in ("/integrations", "/integrations/{integration_id}", "/environment-variables"):
        await worked.ask(f"GET {name}")
    for name in ("/providers", "/providers/{name}", "/connections", "/connections/{connection_id}"):
        await worked.ask(f"GET {name}")
    for name in ("PATCH /connections/{connection_id}", "POST /connections/metadata"):
        await worked.ask(name)
    await worked.ask("PATCH /connections/metadata")


async def read(worked: Worked) -> None:
    """Bring a mail with a file, and read it."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = GRACE, ADA, "Order 17"
    letter.set_content("Please find the order attached.")
    letter.add_attachment(bytes(200), "application", "pdf", filename="order.pdf")
    path = f"/_control/mailboxes/{ADA}/messages"
    brought = await worked.system.google.post(path, content=letter.as_bytes())
    worked.real[MESSAGE] = brought.json()["id"]
    await worked.system.settle()
    page = await worked.ask("GET /records")
    await worked.ask("GET /records/search")
    await worked.ask("GET /labels")
    await worked.ask("GET /explain")
    await worked.ask("GET /attachments/{message_id}/{part_id}")
    link = await worked.ask("POST /attachments/{message_id}/{part_id}/link")
    sealed = urlsplit(link["url"]).path.rpartition("/")[2]
    await worked.ask("GET /signed/attachments/{token}", sealed_link=sealed)
    worked.real["the cursor of a page"] = page["records"][0]["_nango_metadata"]["cursor"]
    await worked.ask("PATCH /records/prune")
    del worked.real["the cursor of a page"]


async def steer(worked: Worked) -> None:
    for name in ("pause", "start", "trigger", "audit"):
        await worked.ask(f"POST /sync/{name}")
        await worked.system.settle()
    await worked.ask("PUT /sync/update-connection-frequency")
    await worked.ask("GET /sync/status")
    await worked.ask("GET /operations")
    await worked.system.control("/faults", {"fault": "fresh_404"})
    path = f"/_control/mailboxes/{ADA}/messages"
    raw = f"From: {GRACE}\r\nTo: {ADA}\r\nSubject: Late\r\n\r\nHello."
    late = (await worked.system.google.post(path, content=raw.encode())).json()["id"]
    await worked.system.settle()
    known, worked.real[MESSAGE] = worked.real[MESSAGE], late
    await worked.ask("GET /quarantine")
    await worked.ask("POST /quarantine/{message_id}/retry")
    worked.real[MESSAGE] = known
    await worked.system.google.delete("/_control/faults")


async def send(worked: Worked) -> None:
    await worked.ask("POST /send")
    await worked.ask("GET /sends")
    await worked.ask("GET /sends/{key:path}")
    bulk = await worked.ask("POST /send/bulk")
    await worked.system.settle()
    await worked.ask("GET /send/bulk/{id}", bulk_1=bulk["id"])


async def act(worked: Worked) -> None:
    await worked.ask("POST /action/trigger")
    started = await worked.system.client.post(
        "/action/trigger",
        headers={**TENANT, "X-Async": "true"},
        json={"action_name": "get-profile", "input": {}},
    )
    await worked.system.settle()
    await worked.ask("GET /action/{id}", act_1=started.json()["id"])
    await worked.ask("GET /scripts/config")


async def call_gmail(worked: Worked) -> None:
    plain, upload = "/proxy/gmail/v1/{path:path}", "/proxy/upload/gmail/v1/{path:path}"
    made = await worked.ask(f"POST {plain}")
    worked.real["Label_1"] = made["id"]
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        await worked.ask(f"{method} {plain}")
    draft = {"action_name": "create-draft", "input": {"to": GRACE, "subject": "x", "body": "y"}}
    kept = await worked.system.client.post("/action/trigger", headers=TENANT, json=draft)
    worked.real["draft-1"] = kept.json()["id"]
    await worked.ask(f"POST {upload}")
    await worked.ask(f"PUT {upload}")


async def tell(worked: Worked) -> None:
    made = await worked.ask("POST /webhook-endpoints")
    await worked.ask("GET /webhook-endpoints", whe_1=made["id"])
    for method in ("GET", "PATCH"):
        await worked.ask(f"{method} /webhook-endpoints/{{id}}")
    await worked.ask("POST /webhook-endpoints/{id}/rotate-secret")
    await worked.ask("POST /sync/trigger")
    raw = f"From: {GRACE}\r\nTo: {ADA}\r\nSubject: Event\r\n\r\nHello."
    path = f"/_control/mailboxes/{ADA}/messages"
    await worked.system.google.post(path, content=raw.encode())
    await worked.system.settle()
    events = (await worked.ask("GET /events"))["events"]
    await worked.ask("POST /events/{id}/redeliver", evt_1=events[0]["id"])
    await worked.ask("POST /events/redeliver")
    await worked.ask("DELETE /webhook-endpoints/{id}")


async def hand_out(worked: Worked) -> None:
    made = await worked.ask("POST /api-keys")
    await worked.ask("GET /api-keys", key_1=made["id"])
    await worked.ask("GET /api-keys/{id}")
    await worked.ask("POST /api-keys/{id}/rotate")
    await worked.ask("DELETE /api-keys/{id}")
    policy = {"approval_required": ["send"]}
    asking = {"name": "agent", "permissions": ["send"], "policy": policy}
    key = (await worked.system.client.post("/api-keys", json=asking)).json()["key"]
    for subject, decision in (("Offer", "approve"), ("Discount", "reject")):
        waits = await worked.system.client.post(
            "/send",
            headers={**TENANT, "Authorization": f"Bearer {key}", "Idempotency-Key": subject},
            json={"to": GRACE, "subject": subject, "body": "We can do 900."},
        )
        worked.real["apr-1"] = waits.json()["approval_id"]
        if decision == "approve":
            await worked.ask("GET /approvals")
            await worked.ask("GET /approvals/{id}")
        await worked.ask(f"POST /approvals/{{id}}/{decision}")


def tomorrow(worked: Worked) -> str:
    return (worked.system.clock.now() + timedelta(days=1)).isoformat()


async def end(worked: Worked) -> None:
    """Call off a send that is for later, then disconnect."""
    later = {"to": GRACE, "subject": "Later", "body": "x", "send_at": tomorrow(worked)}
    headers = {**TENANT, "Idempotency-Key": "later-1"}
    await worked.system.client.post("/send", headers=headers, json=later)
    worked.real["order-17"] = "later-1"
    await worked.ask("DELETE /sends/{key:path}")
    del worked.real["order-17"]
    await worked.ask("DELETE /connections/{connection_id}")
    await worked.system.settle()
    await worked.ask("GET /receipts/{connection_id}")
