"""Sixty threads in eight languages, as six mail programs write them, and what is own in them.

Each file of `replies` holds one language. `% ` begins a thread, named after its program; lines of
the mail follow, `+` before those that their sender wrote and `-` before all others. A thread whose
first line is a tag is HTML.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.domain.mail.reading.markup.html_text import html_to_text

FOLDER = Path(__file__).parent / "replies"


@dataclass(frozen=True)
class Thread:
    """A mail's text, and of it what its sender wrote."""

    name: str
    text: str
    reply: str


def threads() -> Iterator[Thread]:
    """Yield the threads of all languages."""
    for file in sorted(FOLDER.glob("*.txt")):
        for one in file.read_text("utf-8").removeprefix("% ").split("\n% "):
            title, *lines = one.rstrip("\n").split("\n")
            yield _thread(f"{file.stem}: {title}", lines)


def _thread(name: str, lines: list[str]) -> Thread:
    read = html_to_text if lines[0][1:].startswith("<") else str
    text = read("\n".join(line[1:] for line in lines))
    return Thread(name, text, read("\n".join(line[1:] for line in lines if line.startswith("+"))))


def squeezed(text: str) -> str:
    """Return the text with each run of spaces and breaks as one space."""
    return " ".join(text.split())
