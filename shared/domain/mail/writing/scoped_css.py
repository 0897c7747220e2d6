"""A stranger's style sheet, rewritten so that it styles one element and what is in it.

Read by the tokens of CSS Syntax 3 and written anew from what was understood: a rule with an
unpaired bracket, an open string or rules inside it is left out. One pass, any text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<comment>/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|<!--|-->)"""
    r"""|(?P<string>"(?:[^"\\\n\r\f]++|\\(?s:.))*+"|'(?:[^'\\\n\r\f]++|\\(?s:.))*+')"""
    r"""|(?P<escape>\\[^\n\r\f])"""
    r"""|(?P<mark>[{};,()\[\]])"""
    r"""|(?P<odd>["'\\<])"""
    r"""|(?P<plain>[^"'\\<{};,()\[\]/-]++|[/-])"""
)
_GROUPS: Final = ("@media", "@supports")
"""Rules that hold rules; others that begin with @ reach beyond any scope (fonts, animations)."""
_WHOLE: Final = re.compile(r"(?:(?:html|body|:root)(?![\w-])\s*>?\s*)+", re.IGNORECASE)
_COMBINATOR: Final = (">", "+", "~", "|")
_ATTACHED: Final = (".", "#", "[", ":")
_PAIRS: Final = {")": "(", "]": "["}


@dataclass(slots=True)
class _Clause:
    """What stands before a brace or a semicolon, or between braces."""

    pieces: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    commas: list[int] = field(default_factory=list)
    """Where `pieces` may be cut: commas outside all brackets."""
    sound: bool = True

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()

    @property
    def whole(self) -> bool:
        """Whether every string and bracket in it is closed."""
        return self.sound and not self.open

    def take(self, kind: str, token: str) -> None:
        self.sound = self.sound and kind != "odd"
        if token in {"(", "["}:
            self.open.append(token)
        elif token in _PAIRS:
            self.sound = self.sound and bool(self.open) and self.open.pop() == _PAIRS[token]
        elif token == "," and not self.open:
            self.commas.append(len(self.pieces))
        self.pieces.append(token)

    def parts(self) -> Iterator[str]:
        """Yield what the commas separate."""
        start = 0
        for comma in (*self.commas, len(self.pieces)):
            yield "".join(self.pieces[start:comma]).strip()
            start = comma + 1


def scoped_css(css: str, scope: str) -> str:
    """Return the rules of a style sheet for elements within the class `scope` alone.

    What it says of html, body and :root it says of the element of that class.
    """
    return "".join(_rules(css, f".{scope}")).replace("</", r"<\/")


def _rules(css: str, scope: str) -> Iterator[str]:
    sheet = _Sheet(scope)
    for token in _TOKEN.finditer(css):
        kind, text = token.lastgroup or "", token[0]
        if text == "{":
            yield sheet.open_block()
        elif text == "}":
            yield sheet.close_block()
        elif text == ";" and not sheet.depth:
            sheet.clause = _Clause()  # @import and the like: a sheet from elsewhere
        elif kind != "comment":
            sheet.clause.take(kind, text)
    yield "}\n" * sheet.groups


@dataclass(slots=True)
class _Sheet:
    """How far a style sheet is read."""

    scope: str
    clause: _Clause = field(default_factory=_Clause)
    groups: int = 0
    depth: int = 0
    """Braces of a rule that are open, those of groups not counted."""
    selectors: str = ""

    def open_block(self) -> str:
        if self.depth:
            self.clause.sound = False
            self.depth += 1
            return ""
        before, self.clause = self.clause, _Clause()
        if before.whole and before.text.lower().startswith(_GROUPS):
            self.groups += 1
            return f"{before.text}{{"
        self.selectors, self.depth = _selectors(before, self.scope), 1
        return ""

    def close_block(self) -> str:
        if self.depth > 1:
            self.depth -= 1
            return ""
        before, self.clause = self.clause, _Clause()
        if self.depth:
            self.depth = 0
            known = self.selectors and before.whole
            return f"{self.selectors}{{{before.text}}}\n" if known else ""
        closes, self.groups = self.groups > 0, max(self.groups - 1, 0)
        return "}\n" if closes else ""


def _selectors(clause: _Clause, scope: str) -> str:
    """Return the selectors within the scope, "" where none can be."""
    if not clause.whole or clause.text.startswith("@"):
        return ""
    found = [_within(one, scope) for one in clause.parts()]
    return ",".join(filter(None, found))


def _within(selector: str, scope: str) -> str:
    whole = _WHOLE.match(selector)
    rest = selector[whole.end() :] if whole else selector
    if rest.startswith(_COMBINATOR) or "&" in rest or not (rest or whole):
        return ""  # a sibling of the scope is outside it
    touches = whole is not None and not whole[0][-1].isspace() and rest.startswith(_ATTACHED)
    return f"{scope}{rest}" if touches else f"{scope} {rest}".strip()
