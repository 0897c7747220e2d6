"""Gmail's search language, compiled to a condition on the message index (FACTS 4.2)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from infra.local.google.mail.listing import Condition
from infra.local.google.mail.searching.terms import Clause, MalformedQueryError, Terms
from infra.local.google.mail.store import MailStore

OPERATORS: Final = (
    r"from|to|cc|bcc|subject|in|is|label|has|filename|after|before|newer|older|newer_than"
    r"|older_than|rfc822msgid|category|larger|smaller|size|deliveredto"
)
TOKEN: Final = re.compile(
    r'(?P<space>\s+)|"(?P<quote>[^"]*)"|(?P<open>[({])|(?P<close>[)}])'
    r"|(?P<minus>-(?=[^\s]))|(?P<plus>\+(?=[^\s]))"
    rf"|(?P<operator>(?:{OPERATORS})):\s*|(?P<word>[^\s(){{}}\"]+)",
    re.IGNORECASE,
)
VALUE: Final = re.compile(r'"(?P<quote>[^"]*)"|(?P<open>[({])|(?P<word>[^\s(){}"]+)')
CLOSING: Final = {"(": ")", "{": "}"}
MAX_DEPTH: Final = 50

Leaf = Callable[[str], Clause]


@dataclass(frozen=True, slots=True)
class Token:
    """A kind of TOKEN and its text."""

    kind: str
    text: str


def _join(clauses: list[Clause], word: str) -> Clause:
    if len(clauses) == 1:
        return clauses[0]
    return Clause(
        "(" + f" {word} ".join(clause.sql for clause in clauses) + ")",
        tuple(param for clause in clauses for param in clause.params),
        needs_text=any(clause.needs_text for clause in clauses),
        shows_hidden=any(clause.shows_hidden for clause in clauses),
    )


def _negate(clause: Clause) -> Clause:
    return replace(
        clause, sql=f"NOT {clause.sql}", label_id=None, shows_hidden=False, pinpoints=False
    )


class _Parser:
    def __init__(self, text: str, terms: Terms) -> None:
        self.text = text
        self.position = 0
        self.depth = 0
        self.terms = terms

    def next(self, pattern: re.Pattern[str] = TOKEN) -> Token | None:
        """Take a token, spaces apart; None at the end. Raise `MalformedQueryError`."""
        if self.position >= len(self.text):
            return None
        match = pattern.match(self.text, self.position)
        if match is None or match.lastgroup is None:
            raise MalformedQueryError
        self.position = match.end()
        if match.lastgroup == "space":
            return self.next(pattern)
        return Token(match.lastgroup, match[match.lastgroup])

    def conjunction(self, close: str, leaf: Leaf) -> list[Clause]:
        """Parse up to `close`; OR binds more tightly than standing side by side."""
        clauses: list[list[Clause]] = []
        either = False
        while (token := self.next()) is not None and token.kind != "close":
            if token == Token("word", "OR"):
                if not clauses or either:
                    raise MalformedQueryError
                either = True
                continue
            if token == Token("word", "AND"):
                continue
            clause = self.term(token, leaf)
            if either:
                clauses[-1].append(clause)
            else:
                clauses.append([clause])
            either = False
        if either or (token.text if token else "") != close:
            raise MalformedQueryError
        return [_join(group, "OR") for group in clauses]

    def term(self, token: Token, leaf: Leaf) -> Clause:
        """Return the clause that starts with this token."""
        if token.kind in {"minus", "plus"}:
            following = self.next()
            if following is None or following.kind == "close":
                raise MalformedQueryError
            clause = self.term(following, leaf)
            return _negate(clause) if token.kind == "minus" else clause
        if token.kind == "open":
            return self.group(token.text, leaf)
        if token.kind == "operator":
            return self.operation(self.terms.leaf(token.text.lower()))
        return leaf(token.text)

    def operation(self, leaf: Leaf) -> Clause:
        """Return the clause of an operator's value, which may be a group."""
        value = self.next(VALUE)
        if value is None:
            raise MalformedQueryError
        return self.group(value.text, leaf) if value.kind == "open" else leaf(value.text)

    def group(self, opened: str, leaf: Leaf) -> Clause:
        """Return the clause of (all) or {any}."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MalformedQueryError
        clauses = self.conjunction(CLOSING[opened], leaf)
        self.depth -= 1
        if not clauses:
            raise MalformedQueryError
        return _join(clauses, "AND" if opened == "(" else "OR")


def compile_query(text: str, store: MailStore, email: str, now: datetime) -> Condition:
    """Return the condition for a search.

    Raise `MalformedQueryError` for what cannot be read: Gmail then finds nothing (FACTS 4.1).
    """
    terms = Terms(store, email, now)
    clauses = _Parser(text, terms).conjunction("", terms.words)
    labels = tuple(clause.label_id for clause in clauses if clause.label_id)
    rest = [clause for clause in clauses if not clause.label_id]
    params: tuple[Any, ...] = tuple(param for clause in rest for param in clause.params)
    return Condition(
        sql=" AND ".join(clause.sql for clause in rest),
        params=params,
        label_ids=labels,
        needs_text=any(clause.needs_text for clause in rest),
        shows_hidden=any(clause.shows_hidden for clause in clauses),
        pinpoints=not labels and any(clause.pinpoints for clause in rest),
    )
