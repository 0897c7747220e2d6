"""What `make demo` prints: addresses, keys, and the guide's calls filled in."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.environment import (
    API_KEY,
    INTEGRATION,
    OPERATOR_KEY,
    WEBHOOK_SECRET,
    Addresses,
)
from infra.local.pubsub import EVENTS_SUBSCRIPTION

BAR = 28
KEY = f"-H 'Authorization: Bearer {API_KEY}'"
JSON = "-H 'Content-Type: application/json'"


@dataclass(frozen=True, slots=True)
class Ready:
    """What a person needs to try everything."""

    addresses: Addresses
    connection_id: str
    connected: str
    """The address of the ready connection's mailbox."""
    free: str
    """A seeded mailbox that is not connected yet."""


def guide(ready: Ready) -> str:
    """Return the whole text."""
    where = ready.addresses
    return f"""
{_addresses(where)}
  Sample product    {where.product}   (connect {ready.free} there)
  Emulated Google   {where.google}
{_keys(where)}
  Connection id     {ready.connection_id}   ({ready.connected})

{calls(ready)}
  Give the mailbox to an agent (MCP):

{agent(ready)}
  Deliver a mail to it, as the outside world would:

    printf 'From: bo@example.org\\r\\nTo: {ready.connected}\\r\\nSubject: Hi\\r\\n\\r\\nHello!' |
      curl -s {where.google}/_control/mailboxes/{ready.connected}/messages --data-binary @-

  Ctrl-C stops everything; the next start finds all of it again.
"""


def invitation(where: Addresses, poll_s: int) -> str:
    """Return what is printed in front of Google itself, before any mailbox is connected."""
    return f"""
  GOOGLE=real: this is your own Gmail. What you send here is sent.

{_addresses(where)}
  Sample product    {where.product}   (press Connect Gmail there, and choose your account)
{_keys(where)}

  Google cannot push to this machine, so history is read every {poll_s} s instead; the console
  signs in by its key. This was tested with a stand-in of Google, never with Google itself.
  Waiting for a mailbox to be connected ...
"""


def own_guide(where: Addresses, connection_id: str) -> str:
    """Return the calls on a mailbox of one's own, which write to no one else."""
    ready = Ready(where, connection_id, "", "")
    return f"""
  Connection id     {connection_id}

{_sync_calls(ready)}
  Give the mailbox to an agent (MCP):

{agent(ready)}
  Ctrl-C stops everything; the next start finds all of it again.
"""


def _addresses(where: Addresses) -> str:
    return f"""  Postroom          {where.postroom}
  Documentation     {where.postroom}/docs
  Console           {where.postroom}/console   (operator key {OPERATOR_KEY})"""


def _keys(where: Addresses) -> str:
    return f"""
  API key           {API_KEY}
  Integration key   {INTEGRATION}
  Webhook secret    {WEBHOOK_SECRET}
  Metrics           {where.postroom}/metrics   (`make doctor` says how everything is)"""


def on_emulators(emulators: Mapping[str, str]) -> str:
    """Return what is different on the official emulators; nothing where none runs."""
    lines = []
    if (host := emulators.get("firestore")) is not None:
        lines.append(f"  Firestore         {host}   (the official emulator; it forgets at the end)")
    if (host := emulators.get("pubsub")) is not None:
        lines += [
            f"  Pub/Sub           {host}   (the official emulator, of pushes and events)",
            "  Read the events:",
            "",
            f"    curl -s http://{host}/v1/{EVENTS_SUBSCRIPTION}:pull \\",
            f"      {JSON} -d '{{\"maxMessages\": 5}}'",
        ]
    return "".join(f"{line}\n" for line in [*lines, ""] if lines)


def warning(left_out: Sequence[str]) -> str:
    """Return what a person must not overlook; nothing where all own code is served."""
    return "".join(f"  !!! NOT SERVED  {one}  (`make bundle` says why)\n" for one in left_out)


def reload_notice(faults: Sequence[Mapping[str, Any]]) -> str:
    """Return what is printed after own code was loaded anew; `faults` are `at`, `words`, `kept`."""
    if not faults:
        return "  Own code loaded anew.\n"
    became = {True: "the version before it serves on", False: "NOT SERVED"}
    return "".join(
        f"  !!! {one['at']}: {one['words']}   ({became[one['kept']]})\n" for one in faults
    )


def calls(ready: Ready) -> str:
    """Return the guide's three calls as curl lines."""
    mail = f'"to":"{ready.free}","subject":"Hello from Postroom","body":"It works."'
    return f"""  Send an e-mail:

    curl -s {ready.addresses.postroom}/action/trigger {KEY} \\
      {_tenant(ready)} \\
      {JSON} -d '{{"action_name":"send-email","input":{{{mail}}}}}'

{_sync_calls(ready)}"""


def _sync_calls(ready: Ready) -> str:
    root = ready.addresses.postroom
    names = f'"provider_config_key":"{INTEGRATION}","connection_id":"{ready.connection_id}"'
    return f"""  Trigger a sync:

    curl -s {root}/sync/trigger {KEY} \\
      {JSON} -d '{{{names},"syncs":["fetch-messages"]}}'

  List records:

    curl -s '{root}/records?model=EmailMessage&limit=3' {KEY} \\
      {_tenant(ready)}
"""


def _tenant(ready: Ready) -> str:
    return f"-H 'Connection-Id: {ready.connection_id}' -H 'Provider-Config-Key: {INTEGRATION}'"


def agent(ready: Ready) -> str:
    """Return the command that gives an agent the mailbox."""
    return f"""    claude mcp add --transport http postroom {ready.addresses.postroom}/mcp \\
      --header 'Authorization: Bearer {API_KEY}' \\
      --header 'connection-id: {ready.connection_id}' \\
      --header 'provider-config-key: {INTEGRATION}'
"""


class Bar:
    """A line that fills up; on anything but a terminal, a line for each new quarter."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._said = -1

    def show(self, share: float, text: str) -> None:
        """Draw the bar at `share` (0 to 1)."""
        share = min(1.0, max(0.0, share))
        filled = round(share * BAR)
        if sys.stdout.isatty():
            bar = "█" * filled + "░" * (BAR - filled)
            print(f"\r\033[K  {self._label:<18}{bar} {share:4.0%}  {text}", end="", flush=True)
        elif int(share * 4) > self._said:
            self._said = int(share * 4)
            print(f"  {self._label:<18}{share:4.0%}  {text}", flush=True)

    def end(self) -> None:
        """Leave the bar's line."""
        if sys.stdout.isatty():
            print(flush=True)
