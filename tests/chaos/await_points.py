"""Every await of the sync, found in its source, and a way to stand in each of them.

The modules' syntax trees are rewritten so that `await X` becomes `await at_await(n, X)`, and the
live functions are given the code compiled from that. Outside of a `Life` nothing changes.
"""

import ast
import asyncio
import gc
import re
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, Protocol, TypeVar

import shared.usecases.sync as package

T = TypeVar("T")
USECASES = Path(package.__file__).resolve().parents[1]
ASIDE = {
    "attachment_links.py",
    "explain.py",
    "own_records.py",
    "prune_tombstones.py",
    "reading.py",
    "stop.py",
}
"""Of the sync's room, what no step relies on: it reads, tidies, or has tests of its own."""
ALONE = (
    "CancelSend",
    "ResumeDisconnects",
    "RetryQuarantined",
    "WakeApprovals",
    "WakeDeliveries",
    "WakeModels",
)
"""Use cases beside the steps in their files: each is one compare-and-set, or only enqueues."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """The n-th await of a function."""

    file: str
    line: int
    function: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function} (await {self.number})"


class Passenger(Protocol):
    """Who is told of every await that is reached on its behalf."""

    async def before(self, point: Point) -> None:
        """Told when it is reached; nothing of it has happened yet."""
        ...

    async def after(self, point: Point) -> None:
        """Told once it has happened; nobody has seen the answer yet."""
        ...


WAITS_ALONE: Final = re.compile(r"\.lock$|\.at_once\(.*\)$")
"""Blocks that are entered and left within the process: there is nothing to die in."""
ABOARD: ContextVar[Passenger | None] = ContextVar("ABOARD", default=None)


class _Rewriter(ast.NodeTransformer):
    def __init__(self, file: str) -> None:
        self.file = file
        self.points: list[Point] = []
        self._functions: list[str] = []

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._within(node.name, node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._within(node.name, node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._within(node.name, node)

    def visit_Await(self, node: ast.Await) -> ast.AST:
        self.generic_visit(node)
        node.value = self._call("at_await", node, node.value)
        return node

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        self.generic_visit(node)
        node.iter = self._call("at_each", node, node.iter)
        return node

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        for item in node.items:
            entered = ast.unparse(item.context_expr)
            if not WAITS_ALONE.search(entered):
                raise NotImplementedError(f"{self.file}:{node.lineno}: async with {entered}")
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        if node.is_async:
            node.iter = self._call("at_each", node.iter, node.iter)
        return node

    def _within(self, name: str, node: ast.AST) -> ast.AST:
        self._functions.append(name)
        self.generic_visit(node)
        self._functions.pop()
        return node

    def _call(self, hook: str, at: ast.stmt | ast.expr, value: ast.expr) -> ast.Call:
        function = ".".join(self._functions)
        number = 1 + sum(point.function == function for point in self.points)
        self.points.append(Point(self.file, at.lineno, function, number))
        place = ast.Constant(ALL_OFFSET[self.file] + len(self.points) - 1)
        call = ast.Call(ast.Name(hook, ast.Load()), [place, value], [])
        return ast.fix_missing_locations(ast.copy_location(call, value))


ALL_OFFSET: dict[str, int] = {}
POINTS: list[Point] = []


def sources() -> list[Path]:
    """Return the files whose awaits count; a new file of the sync is found by itself.

    Own syncs have kills of their own, in tests/usecases/models; a dry run stores nothing.
    """
    apart = {USECASES / "sync" / "models", USECASES / "sync" / "dry_run"}
    found = (path for path in (USECASES / "sync").rglob("*.py") if path.parent not in apart)
    room = sorted(path for path in found if path.name not in ASIDE)
    return [*room, USECASES / "reconcile.py"]


def _label(path: Path) -> str:
    """Return a file's name below the use cases, or below their parent."""
    above = USECASES if path.is_relative_to(USECASES) else USECASES.parent
    return str(path.relative_to(above))


def _rewritten(path: Path) -> CodeType:
    file = _label(path)
    ALL_OFFSET[file] = len(POINTS)
    rewriter = _Rewriter(file)
    tree = rewriter.visit(ast.parse(path.read_text(encoding="utf-8")))
    POINTS.extend(rewriter.points)
    return compile(tree, str(path), "exec")


async def at_await(place: int, call: Awaitable[T]) -> T:
    """Stand in an await: before its effect, and after it."""
    aboard = ABOARD.get()
    if aboard is None:
        return await call
    try:
        await aboard.before(POINTS[place])
    except BaseException:
        if asyncio.iscoroutine(call):
            call.close()
        elif isinstance(call, asyncio.Future):
            call.cancel()
            call.add_done_callback(_forgotten)
        raise
    answer = await call
    await aboard.after(POINTS[place])
    return answer


def _forgotten(call: asyncio.Future[T]) -> None:
    """Read what came of it, so that asyncio does not complain of nobody having done so."""
    if not call.cancelled():
        call.exception()


async def at_each(place: int, items: AsyncIterable[T]) -> AsyncIterator[T]:
    """Stand in each turn of an `async for`."""
    aboard = ABOARD.get()
    if aboard is not None:
        await aboard.before(POINTS[place])
    async for item in items:
        if aboard is not None:
            await aboard.after(POINTS[place])
        yield item


def enumerated(paths: Sequence[Path]) -> list[Point]:
    """Return every await point of the files, in the order of the source."""
    # What a dead process held may end in any collection; one in the midst of a parse breaks 3.11's.
    gc.disable()
    try:
        _CODES.update({path: _rewritten(path) for path in paths if path not in _CODES})
    finally:
        gc.enable()
    files = {_label(path) for path in paths}
    found = [point for point in POINTS if point.file in files]
    return [point for point in found if not point.function.startswith(ALONE)]


_CODES: dict[Path, CodeType] = {}


@contextmanager
def standing_in_awaits(paths: Sequence[Path] | None = None) -> Iterator[list[Point]]:
    """Rewrite the files, the sync's where none are given, for as long as the block lasts."""
    chosen = sources() if paths is None else list(paths)
    points = enumerated(chosen)
    before: list[tuple[FunctionType, CodeType]] = []
    for path in chosen:
        code = _CODES[path]
        module = import_module(".".join(("shared", *_parts(path))))
        codes = {inner.co_qualname: inner for inner in _inner(code)}
        module.__dict__.update(at_await=at_await, at_each=at_each)
        for function in _functions(module):
            before.append((function, function.__code__))
            function.__code__ = codes[function.__qualname__]
    try:
        yield points
    finally:
        for function, original in before:
            function.__code__ = original


def _parts(path: Path) -> tuple[str, ...]:
    return path.relative_to(USECASES.parent).with_suffix("").parts


def _inner(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            if "<locals>" not in constant.co_qualname:
                yield from _inner(constant)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__:
            for member in vars(value).values():
                found = _function(member)
                if found is not None and _written_in(found, module):
                    yield found
        elif isinstance(value, FunctionType) and _written_in(value, module):
            yield value


def _function(member: Any) -> FunctionType | None:
    found = member.fget if isinstance(member, property) else member
    return found if isinstance(found, FunctionType) else None


def _written_in(function: FunctionType, module: ModuleType) -> bool:
    # A dataclass's generated methods have no source of their own.
    return function.__code__.co_filename == module.__file__
