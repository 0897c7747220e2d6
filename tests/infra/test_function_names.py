"""A function's name says what it does, returns or asks; a bare participle leaves that open."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("shared", "infra", "functions")

NO_PARTICIPLE = frozenset({"embed", "exceed", "feed", "heed", "need", "proceed", "seed", "shred"})
"""Verbs and nouns that end like one."""
IRREGULAR = """
    begun borne bound broken brought built caught chosen dealt done drawn driven fallen felt
    forgotten found frozen given gone got grown held hidden hung kept known left lent lost made
    meant met overtaken paid proven rebuilt rewritten said seen sent shown sold spelt spent
    spoken stolen struck stuck swept taken taught thrown told torn unbound understood undone
    unknown unseen unsent withdrawn woken won worn written wrote
"""
"""Those in the field's use that do not end in -ed; `read`, `put` or `set` are verbs as well."""
EXCEPTIONS: Mapping[str, str] = {
    "shared/usecases/sync/models/context.py stored": "the interface that products' syncs call",
}


def is_participle(name: str) -> bool:
    word = name.strip("_")
    return word in IRREGULAR.split() or (
        word.endswith("ed") and word.isalpha() and word not in NO_PARTICIPLE
    )


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is read like a field, which may be named by its state."""
    return any("property" in ast.unparse(one) for one in function.decorator_list)


def participles(tree: ast.Module) -> Iterator[str]:
    for one in ast.walk(tree):
        if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if is_participle(one.name) and not is_property(one):
            yield one.name


def in_rooms() -> set[str]:
    return {
        f"{path.relative_to(ROOT)} {name}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for name in participles(ast.parse(path.read_text()))
    }


def test_no_function_is_named_by_a_bare_participle() -> None:
    """Effects are verbs, values nouns, questions `is_` or `has_`; what is excepted still exists."""
    assert in_rooms() == set(EXCEPTIONS)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def merged(a, b): ...", ["merged"]),
        ("class A:\n async def _kept(self): ...", ["_kept"]),
        ("def f():\n def shown(): ...", ["shown"]),
        ("class A:\n @property\n def held(self): ...", []),
        ("def is_held(): ...\ndef with_changed(): ...\ndef read(): ...\ndef feed(): ...", []),
    ],
)
def test_participles_are_told_from_other_names(code: str, found: list[str]) -> None:
    assert list(participles(ast.parse(code))) == found
