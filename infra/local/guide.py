"""What `make demo` prints: addresses, keys, and the guide's calls filled in."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from infra.local.environment import (
    API_KEY,
    INTEGRATION,
    OPERATOR_KEY,
    WEBHOOK_SECRET,
    Addresses,
)

BAR = 28


@dataclass(frozen=True, slots=True)
class Ready:
    """What a person needs to try everything."""

    addresses: Addresses
    connection_id: str
    connected: str
    """The address of the ready connection's mailbox."""
    free: str
    """A seeded mailbox that nobody has connected yet."""


def guide(ready: Ready) -> str:
    """Return the whole text."""
    where = ready.addresses
    return f"""
  Postroom          {where.postroom}
  Documentation     {where.postroom}/docs
  Console           {where.postroom}/console   (operator key {OPERATOR_KEY})
  Sample product    {where.product}   (connect {ready.free} there)
  Emulated Google   {where.google}

  API key           {API_KEY}
  Integration key   {INTEGRATION}
  Webhook secret    {WEBHOOK_SECRET}
  Metrics           {where.postroom}/metrics   (`make doctor` says how everything is)
  Connection id     {ready.connection_id}   ({ready.connected})

{calls(ready)}
  Give the mailbox to an agent (MCP):

{agent(ready)}
  Deliver a mail to it, as the outside world would:

    printf 'From: bo@example.org\\r\\nTo: {ready.connected}\\r\\nSubject: Hi\\r\\n\\r\\nHello!' |
      curl -s {where.google}/_control/mailboxes/{ready.connected}/messages --data-binary @-

  Ctrl-C stops everything; the next start finds all of it again.
"""


def warning(left_out: Sequence[str]) -> str:
    """Return what a person must not overlook; nothing where all own code is served."""
    return "".join(f"  !!! NOT SERVED  {one}  (`make bundle` says why)\n" for one in left_out)


def calls(ready: Ready) -> str:
    """Return the guide's three calls as curl lines."""
    root = ready.addresses.postroom
    key = f"-H 'Authorization: Bearer {API_KEY}'"
    tenant = f"-H 'Connection-Id: {ready.connection_id}' -H 'Provider-Config-Key: {INTEGRATION}'"
    json = "-H 'Content-Type: application/json'"
    names = f'"provider_config_key":"{INTEGRATION}","connection_id":"{ready.connection_id}"'
    mail = f'"to":"{ready.free}","subject":"Hello from Postroom","body":"It works."'
    return f"""  Send an e-mail:

    curl -s {root}/action/trigger {key} \\
      {tenant} \\
      {json} -d '{{"action_name":"send-email","input":{{{mail}}}}}'

  Trigger a sync:

    curl -s {root}/sync/trigger {key} \\
      {json} -d '{{{names},"syncs":["fetch-messages"]}}'

  List records:

    curl -s '{root}/records?model=EmailMessage&limit=3' {key} \\
      {tenant}
"""


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
