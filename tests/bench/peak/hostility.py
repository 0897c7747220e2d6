"""What may go wrong in the hour, all at once, and none of it our own."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Hostility:
    """Shares of receivers, mails and mailboxes; an outage of Gmail lasts from `out_from_s` on."""

    hanging_receivers: float = 0.0
    """Take the request and never answer it."""
    hostile_mail: float = 0.0
    """Made to be costly: it is read, set aside, and tried again."""
    region: float = 0.0
    """Mailboxes that Gmail answers with 503 during the outage."""
    out_from_s: float = 1_200.0
    out_for_s: float = 600.0

    def hangs(self, receiver: int) -> bool:
        """Whether the receiver is one that hangs."""
        return _is_of(receiver, self.hanging_receivers)

    def cuts_off(self, mailbox: int, now_s: float) -> bool:
        """Whether Gmail answers 503 to the mailbox."""
        out = self.out_from_s <= now_s < self.out_from_s + self.out_for_s
        return out and _is_of(mailbox, self.region)


CALM = Hostility()
HOSTILE = Hostility(hanging_receivers=0.1, hostile_mail=0.01, region=0.5)
ALL_CUT_OFF = replace(HOSTILE, region=1.0)
"""Then the others are those whose mail comes before the outage and after it."""


def _is_of(number: int, share: float) -> bool:
    """Whether it is among a share that lies evenly among all."""
    return int((number + 1) * share) > int(number * share)
