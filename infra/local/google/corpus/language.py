"""What a language table has to say: people, topics, and how its mail programs quote."""

from typing import NamedTuple

from infra.local.google.corpus.letter import Person


class Topic(NamedTuple):
    """A conversation: its subject, the paragraphs that open it, and replies that fit in order."""

    subject: str
    opening: tuple[str, ...]
    replies: tuple[str, ...]


class Language(NamedTuple):
    """One language's mail. `hello` and `bye` take `{name}`; `quote` takes `{date}` and `{name}`."""

    code: str
    charsets: tuple[str, ...]
    people: tuple[Person, ...]
    hello: str
    bye: str
    quote: str
    topics: tuple[Topic, ...]
    small_talk: tuple[str, ...]
    rtl: bool = False


def people(domain: str, *names: tuple[str, str]) -> tuple[Person, ...]:
    """Give each (display name, local part) an address at one of a language's domains."""
    return tuple(Person(name, f"{local}@{domain}") for name, local in names)
