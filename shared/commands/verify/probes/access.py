"""Tokens, rights, batches, and calls at the same time."""

import asyncio
from collections import Counter
from typing import Final

from shared.commands.verify.caller import NotTriedError, read_json, reasons_of, status_and_reason
from shared.commands.verify.mailbox import Mailbox
from shared.commands.verify.probe import Finding, compare, probe

BROKEN: Final = "Bearer ya29.broken"
STRANGER: Final = "postroom-verify@example.com"
AT_ONCE: Final = 12
BOUNDARY: Final = "postroom-verify"


@probe(
    20,
    "14.4",
    "A broken token is 401 authError with a challenge, and none at all is 401 required",
    units=2,
    means="A token that ended would not be renewed.",
    breaks=True,
)
async def bad_tokens(mailbox: Mailbox) -> Finding:
    call = mailbox.caller.call
    broken = await call("GET", "profile", {}, headers={"authorization": BROKEN})
    missing = await call("GET", "profile", {}, headers={"authorization": ""})
    challenge = 'error="invalid_token"' in broken.headers.get("www-authenticate", "")
    seen = (status_and_reason(broken), challenge, status_and_reason(missing))
    return compare(seen, ("401 authError", True, "401 required"))


@probe(
    22,
    "14.1",
    "Another's mailbox is 403",
    units=1,
    means="Only the words of a refusal are other ones.",
)
async def another_mailbox(mailbox: Mailbox) -> Finding:
    answer = await mailbox.caller.call("GET", "profile", {}, user=STRANGER)
    return compare(answer.status_code, 403, ", ".join(reasons_of(answer)))


@probe(
    23,
    "1.13",
    "A batch answers each part under `response-` and its Content-ID",
    units=40,
    means="Nothing: Postroom makes no batches.",
)
async def batch(mailbox: Mailbox) -> Finding:
    ids = (await mailbox.ids(least=2))[:2]
    parts = "".join(
        f"--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <item{number}>\r\n\r\n"
        f"GET /gmail/v1/users/me/messages/{id}?format=minimal\r\n\r\n"
        for number, id in enumerate(ids)
    )
    answer = await mailbox.caller.send(
        "POST",
        mailbox.endpoints.batch,
        content=f"{parts}--{BOUNDARY}--\r\n",
        headers={
            "authorization": f"Bearer {mailbox.caller.token}",
            "content-type": f'multipart/mixed; boundary="{BOUNDARY}"',
        },
    )
    named = sum(f"response-item{number}" in answer.text for number in range(len(ids)))
    return compare((answer.status_code, named), (200, len(ids)), "status, parts named")


@probe(
    24,
    "6.4",
    "tokeninfo tells the scopes in full, and userinfo whose account it is",
    units=0,
    means="The doctor compares scopes with it, and the hosted domain is told by userinfo.",
)
async def token_and_user(mailbox: Mailbox) -> Finding:
    caller, addresses = mailbox.caller, mailbox.endpoints
    token = await caller.send("POST", addresses.token_info, data={"access_token": caller.token})
    told = read_json(token) or {}
    spelled = [one.startswith(("https://", "openid")) for one in told.get("scope", "").split()]
    bearer = {"authorization": f"Bearer {caller.token}"}
    user = await caller.send("GET", addresses.user_info, headers=bearer)
    names = sorted(read_json(user) or {}) if user.is_success else [f"refused {user.status_code}"]
    seen = (token.status_code, bool(spelled) and all(spelled))
    return compare(seen, (200, True), f"userinfo tells {', '.join(names)}")


@probe(
    25,
    "6.4",
    "A refresh answers no new refresh token, and when the access token ends",
    units=0,
    means="The new refresh token must be stored, and it is not.",
    breaks=True,
)
async def refreshes(mailbox: Mailbox) -> Finding:
    if mailbox.options.refresh is None:
        raise NotTriedError("Only a connection has a refresh token: CONNECTION=ID.")
    answers = [await mailbox.options.refresh() for _ in range(2)]
    told = [read_json(one) or {} for one in answers]
    dies = any("refresh_token_expires_in" in one for one in told)
    seen = [("refresh_token" in one, isinstance(one.get("expires_in"), int)) for one in told]
    words = f"the grant {'has an end' if dies else 'has no end told'}; new one, expiry told"
    return compare(seen, [(False, True)] * 2, words)


@probe(
    26,
    "1.8",
    f"{AT_ONCE} readings at the same time are all taken",
    units=20 * AT_ONCE,
    means="Five at a time are made, and fewer once Gmail complains.",
)
async def at_once(mailbox: Mailbox) -> Finding:
    if not mailbox.options.concurrency:
        raise NotTriedError("It spends more: ARGS=--concurrency asks for it.")
    path = f"messages/{(await mailbox.ids())[0]}"
    calls = (mailbox.caller.get(path, format="metadata") for _ in range(AT_ONCE))
    answers = await asyncio.gather(*calls)
    return compare(dict(Counter(one.status_code for one in answers)), {200: AT_ONCE})
