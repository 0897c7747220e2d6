"""Ask a live Gmail, fact by fact, whether it does what Postroom takes it to do.

In the name of a connection, or of an access token on standard input. Level `read` changes nothing;
level `self` makes a label, drafts and mail to the account itself, and takes them away again. What
was exchanged is written down with every value replaced by a made-up one: as recordings, which the
project's tests replay against the emulated Google. The exit code is 1 where Postroom is wrong.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import orjson

from shared.adapters.gmail.requests import GMAIL_URL
from shared.adapters.google.http_client import new_http_client
from shared.adapters.google.oauth import TOKEN_URL, USERINFO_URL
from shared.adapters.system_clock import SystemClock
from shared.commands.dryrun import NEEDED, find_connection
from shared.commands.environment import UNUSED, container_of_environment
from shared.commands.verify.caller import Caller, StoppedError
from shared.commands.verify.connection import access_token, connection_options
from shared.commands.verify.mailbox import Endpoints, Mailbox, Options
from shared.commands.verify.probe import Level, Probe
from shared.commands.verify.probes import PROBES
from shared.commands.verify.reading import unread
from shared.commands.verify.run import as_json, report, run_probes
from shared.commands.verify.transcript import write_recordings
from shared.errors import InvalidRequestError

SUMMARY = "ask a live Gmail, fact by fact, whether it does what Postroom takes it to do"
BUDGETS: Final = {Level.READ: 1_500, Level.SELF: 3_000}
"""Units; a quarter and a half of what a mailbox may spend in a minute, and both take longer."""


def options(parser: ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("--connection", default="", help="its id; may be left out if there is one")
    parser.add_argument("--token", choices=["-"], help="read an access token from standard input")
    parser.add_argument("--level", choices=[*Level], default=Level.READ, help="how far to go")
    parser.add_argument("--budget", type=int, help="most quota units to spend")
    parser.add_argument("--only", default="", help="probes to run, such as P04,P12")
    parser.add_argument("--topic", default="", help="with a token: a topic Gmail may publish to")
    parser.add_argument("--out", default="", help="folder to write the recordings to")
    parser.add_argument("--google", default="", help="with a token: an emulated Google's address")
    parser.add_argument("--concurrency", action="store_true", help="also make calls at once")
    parser.add_argument("--more-mail", action="store_true", help="also send three more mails")
    parser.add_argument("--yes", action="store_true", help="do not ask before making anything")


async def run(arguments: Namespace) -> int:
    """Run the probes and print what came of each; no address and no mail is printed."""
    probes = choose_probes(arguments.only, Level(arguments.level))
    async with _mailbox(arguments) as mailbox:
        if not arguments.yes and not confirm(probes):
            print("Nothing was done.")
            return 1
        caller = mailbox.caller
        try:
            results = await run_probes(mailbox, probes)
        finally:
            await take_away(mailbox)
        print(report(results, caller.spent))
        refused = unread(caller.exchanges)
        for one in refused:
            print(f"Postroom cannot read {one}")
        now = caller.clock.now()
        folder = Path(arguments.out or f"verify-{now:%Y-%m-%d-%H%M%S}")
        own = await own_address(mailbox)
        written = write_recordings(folder / "recordings", caller.exchanges, own, now)
        (folder / "report.json").write_bytes(orjson.dumps(as_json(results, caller.spent)))
        print(f"{written} recordings and the report, without any value of yours: {folder}")
    return 1 if refused or any(one.breaks for one in results) else 0


def choose_probes(only: str, level: Level) -> Sequence[Probe]:
    """Return the probes of a level, or those named. Raises InvalidRequestError."""
    names = {one.strip().upper() for one in only.split(",") if one.strip()}
    if unknown := names - {one.name for one in PROBES}:
        raise InvalidRequestError(f"There is no probe {', '.join(sorted(unknown))}.")
    allowed = {Level.READ, level}
    return [one for one in PROBES if one.level in allowed and (not names or one.name in names)]


def confirm(probes: Iterable[Probe]) -> bool:
    """Say what would be made in the mailbox and ask; without any of that do not ask."""
    harmful = [one for one in probes if one.harm]
    if not harmful:
        return True
    print("This makes, in the mailbox itself, and takes away again:")
    for one in harmful:
        print(f"  {one.name}  {one.harm}")
    print("Type yes to go on: ", end="", flush=True)
    return sys.stdin.readline().strip().lower() == "yes"


async def take_away(mailbox: Mailbox) -> None:
    """Take away what was made, and say what could not be."""
    try:
        left = await mailbox.own.take_away()
    except StoppedError as error:
        left = [f"what was made ({error}); search for {mailbox.own.mark}"]
    for one in left:
        print(f"Left in the mailbox: {one}")


async def own_address(mailbox: Mailbox) -> str:
    """Return the account's address, so that it can be taken out; '' where no call told it."""
    for one in mailbox.caller.exchanges:
        if one.method == "getProfile" and one.answer.is_success:
            return str(one.answer.json().get("emailAddress", ""))
    return ""


def _budget(arguments: Namespace) -> int:
    asked: int | None = arguments.budget
    return BUDGETS[Level(arguments.level)] if asked is None else asked


@asynccontextmanager
async def _mailbox(arguments: Namespace) -> AsyncIterator[Mailbox]:
    if arguments.token:
        token = sys.stdin.readline().strip()
        if not token:
            raise InvalidRequestError("No access token came on standard input.")
        async with new_http_client() as http:
            given = Options(
                arguments.topic, concurrency=arguments.concurrency, more_mail=arguments.more_mail
            )
            yield _at(arguments.google, http, token, _budget(arguments), given)
        return
    async with container_of_environment(without=UNUSED - NEEDED) as container:
        connection = await find_connection(container, arguments.connection)
        given = connection_options(
            container, connection, arguments.concurrency, arguments.more_mail
        )
        token = await access_token(container, connection)
        http = container.use(httpx.AsyncClient)
        yield _at(container.settings.google_url or "", http, token, _budget(arguments), given)


def _at(google: str, http: httpx.AsyncClient, token: str, budget: int, given: Options) -> Mailbox:
    gmail, google = (google or GMAIL_URL).rstrip("/"), google.rstrip("/")
    endpoints = Endpoints(
        token_info=f"{google or TOKEN_URL}/tokeninfo",
        user_info=f"{google or USERINFO_URL}/v1/userinfo",
        batch=f"{gmail}/batch/gmail/v1",
    )
    caller = Caller(http, gmail, token, SystemClock(), budget)
    return Mailbox(caller, endpoints, given)
