"""Writes the client without asyncio from the one with it: `python -m infra.blocking_client`.

Of each module of `shared/client` only what is asynchronous is written again, word by word, into
`shared/client/blocking`; models, errors and pure functions are imported and so are the same in
both. A test holds the files to what is written here.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from infra.archives import ROOT

CLIENT: Final = ROOT / "shared" / "client"
BLOCKING: Final = CLIENT / "blocking"
HEAD: Final = '"""`{name}.py` without asyncio, made by `python -m infra.blocking_client`."""\n\n'
WORDS: Final[Mapping[str, str]] = {
    r"\basync (def|with|for)\b": r"\1",
    r"(\[[^\[\]]*) async for\b": r"\1 for",
    r"\bawait ": "",
    r"\bAsyncIterator\b": "Iterator",
    r"\basynccontextmanager\b": "contextmanager",
    r"\bAsyncClient\b": "Client",
    r"\basyncio\.sleep\b": "time.sleep",
    r"\baiter_bytes\b": "iter_bytes",
    r"\baread\b": "read",
    r"\baclose\b": "close",
    r'(class |")Postroom(?=[:"])': r"\1PostroomSync",
}
"""What is written instead of what; the client's modules say nothing else that waits."""
WAITS: Final = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
Top = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> Mapping[str, ast.Module]:
    """Return the client's modules, by name."""
    paths = [path for path in sorted(CLIENT.glob("*.py")) if path.stem != "__init__"]
    return {path.stem: ast.parse(path.read_text("utf-8")) for path in paths}


def waiting_in(tree: ast.Module) -> list[Top]:
    """Return the classes and functions of a module that wait for something, or hold who does."""
    tops = [one for one in tree.body if isinstance(one, Top)]
    return [one for one in tops if any(isinstance(node, WAITS) for node in ast.walk(one))]


def files() -> Mapping[str, str]:
    """Return the text of each file, unformatted, by its name."""
    known = modules()
    again = {name: {one.name for one in waiting_in(tree)} for name, tree in known.items()}
    made = {
        f"{name}.py": "".join(_module(name, tree, again))
        for name, tree in known.items()
        if again[name]
    }
    package = '"""The client without asyncio."""\n\nfrom .postroom import PostroomSync\n\n'
    return {**made, "__init__.py": package + '__all__ = ["PostroomSync"]\n'}


def _module(name: str, tree: ast.Module, again: Mapping[str, set[str]]) -> Iterator[str]:
    source = (CLIENT / f"{name}.py").read_text("utf-8")
    parts = [blocking_text(_text(source, one)) for one in waiting_in(tree)]
    yield HEAD.format(name=name)
    used = {word for part in parts for word in re.findall(r"\b\w+\b", part)}
    yield from (f"{line}\n" for line in _imports(name, tree, again, used))
    yield "\n\n" + "\n\n\n".join(parts) + "\n"


def _text(source: str, node: Top) -> str:
    """Return a class or function with its decorators."""
    first = min((one.lineno for one in node.decorator_list), default=node.lineno)
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def blocking_text(text: str) -> str:
    """Return code that waits for nothing."""
    for pattern, instead in WORDS.items():
        text = re.sub(pattern, instead, text)
    return text


def _imports(
    name: str, tree: ast.Module, again: Mapping[str, set[str]], used: set[str]
) -> Iterator[str]:
    """Yield the lines that import what the code uses, from where it is."""
    if "time" in used:
        yield "import time"
    for node in tree.body:
        if isinstance(node, ast.Import) and node.names[0].name in used:
            yield ast.unparse(node)
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                word = blocking_text(one.name)
                if word in used:
                    origin = node.module or ""
                    near = one.name in again.get(origin, ())
                    dots = "" if not node.level else "." if near else ".."
                    yield f"from {dots}{origin} import {word}"
    for own in sorted((_names(tree) - again[name]) & used):
        yield f"from ..{name} import {own}"


def _names(tree: ast.Module) -> set[str]:
    """Return what a module defines."""
    found = {one.name for one in tree.body if isinstance(one, Top)}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        own = [node.target] if isinstance(node, ast.AnnAssign) else [*targets]
        found |= {one.id for one in own if isinstance(one, ast.Name)}
    return found


def write(folder: Path) -> None:
    """Write the files of `folder` anew, in the project's format."""
    folder.mkdir(parents=True, exist_ok=True)
    for former in folder.glob("*.py"):
        former.unlink()
    for name, text in files().items():
        (folder / name).write_text(text, "utf-8")
    ruff = (sys.executable, "-m", "ruff")
    settings = ("--config", str(ROOT / "pyproject.toml"))
    for command in (("check", "--fix", "--quiet", "--select", "I,F401"), ("format", "--quiet")):
        subprocess.run((*ruff, *command, *settings, str(folder)), check=True)  # noqa: S603  ours


if __name__ == "__main__":
    write(BLOCKING)
