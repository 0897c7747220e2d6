"""Realistic mail, made up from start to end: the same arguments give the same bytes.

`seed_messages` fills the emulated mailboxes of the laptop, the tests and the benchmarks.
"""

from infra.local.google.corpus.letter import SeedMail
from infra.local.google.corpus.mailbox import seed_messages

__all__ = ["SeedMail", "seed_messages"]
