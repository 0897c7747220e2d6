"""Where the corpus comes from: made here, given, the interpreter's own, and any folder."""

import importlib.util
import os
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tests.corpus.charset_mails import charset_mails
from tests.corpus.header_mails import header_mails
from tests.corpus.mail import Mail
from tests.corpus.trees import damaged_mails, odd_trees, tree_mails

FOREIGN: Final = "folder"
"""Mail of the folder that the environment variable CORPUS names; it is never committed."""
CASES: Final = Path(__file__).parents[1] / "cases" / "mail"


@cache
def generated() -> tuple[Mail, ...]:
    """Return what is made here: the same at every run."""
    made = (tree_mails(), damaged_mails(), odd_trees(), charset_mails(), header_mails())
    return tuple(mail for mails in made for mail in mails)


def cpython_messages() -> Iterator[tuple[str, bytes]]:
    """Yield the messages of the interpreter's own test data, where it brings it along."""
    spec = importlib.util.find_spec("test.test_email")
    if spec is None or spec.origin is None:
        warnings.warn("SKIPPED: this Python brings no test.test_email with its mail", stacklevel=2)
        return
    for path in sorted((Path(spec.origin).parent / "data").glob("msg_*.txt")):
        yield path.name, path.read_bytes()


def _read(folder: Path) -> Iterator[Mail]:
    for path in sorted(folder.rglob("*.eml")):
        yield Mail(str(path.relative_to(folder)), path.read_bytes())


@cache
def sources() -> dict[str, tuple[Mail, ...]]:
    """Return every mail by where it comes from."""
    found = {
        "generated": generated(),
        "CPython": tuple(Mail(name, raw) for name, raw in cpython_messages()),
        "cases": tuple(_read(CASES)),
    }
    if folder := os.environ.get("CORPUS"):
        found[FOREIGN] = tuple(_read(Path(folder)))
        if not found[FOREIGN]:
            raise FileNotFoundError(f"CORPUS: no .eml file in {folder}")
    return found


def corpus() -> tuple[Mail, ...]:
    """Return every mail."""
    return tuple(mail for mails in sources().values() for mail in mails)
