"""The mailbox that the jobs are done on, and what a person would know of it."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from infra.local.system import LocalSystem
from tests.bench.google_account import access_token

ADA, GRACE = "ada@acme.example", "grace@acme.example"
SEEDED = 60
CSV = "item;price\n" + "".join(f"item {number};{number}.50\n" for number in range(40))
HISTORY = 6


@dataclass(frozen=True, slots=True)
class Facts:
    """Ids that an agent has learned from a call before."""

    connection: str
    token: str
    inbox: tuple[str, ...]
    contract: str
    thread: str
    answers: tuple[str, ...]
    prices: str
    attachment: str
    invoices: tuple[str, ...]
    label: str


async def prepared(system: LocalSystem, connection: str) -> Facts:
    """Deliver what the jobs are about; return its ids."""
    contract = await _deliver(system, _mail("The contract", "Please sign until Friday."))
    first = await _deliver(system, _mail("Dinner", "Where shall we eat?", id="<dinner-0@x>"))
    answers = [first]
    said = "Where shall we eat?"
    for number in range(1, HISTORY):
        quoted = "\n".join(f"> {line}" for line in said.splitlines())
        said = f"Proposal {number}: the place at the corner.\n\nOn Monday, Grace wrote:\n{quoted}"
        mail = _mail(
            "Re: Dinner", said, id=f"<dinner-{number}@x>", parent=f"<dinner-{number - 1}@x>"
        )
        answers.append(await _deliver(system, mail))
    prices = _mail("Prices", "The list is attached.")
    prices.add_attachment(CSV.encode(), maintype="text", subtype="csv", filename="prices.csv")
    priced = await _deliver(system, prices)
    invoices = [await _deliver(system, _mail(f"Invoice {n}", f"Sum: {n}.")) for n in (1, 2, 3)]
    token = await access_token(system.google, ADA, f"{system.url}/oauth/callback")
    label = await system.client.post(
        "/action/trigger",
        json={"action_name": "create-label", "input": {"name": "Bills"}},
        headers={
            "connection-id": connection,
            "provider-config-key": "google-mail",
            "idempotency-key": "bills",
        },
    )
    await system.settle()
    found = await _gmail(system, token, f"messages/{priced}")
    listed = await _gmail(system, token, "messages?labelIds=INBOX&maxResults=25")
    thread = await _gmail(system, token, f"messages/{first}?format=minimal")
    return Facts(
        connection,
        token,
        tuple(one["id"] for one in listed["messages"]),
        contract,
        thread["threadId"],
        tuple(answers),
        priced,
        found["payload"]["parts"][1]["body"]["attachmentId"],
        tuple(invoices),
        label.json()["id"],
    )


def _mail(subject: str, body: str, *, id: str = "", parent: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Grace Hopper <{GRACE}>", ADA, subject
    if id:
        mail["Message-ID"] = id
    if parent:
        mail["In-Reply-To"] = mail["References"] = parent
    mail.set_content(body)
    return mail


async def _deliver(system: LocalSystem, mail: EmailMessage) -> str:
    path = f"/_control/mailboxes/{ADA}/messages"
    answer = await system.google.post(path, content=mail.as_bytes())
    return str(answer.raise_for_status().json()["id"])


async def _gmail(system: LocalSystem, token: str, path: str) -> Any:
    headers = {"authorization": f"Bearer {token}"}
    answer = await system.google.get(f"/gmail/v1/users/me/{path}", headers=headers)
    return answer.raise_for_status().json()
