"""Where code failed, told without the exception's words, which may quote mail."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from inspect import isawaitable, unwrap
from pathlib import PurePath
from traceback import walk_tb
from types import CodeType
from typing import Any, Final, TypeVar

from shared.errors import PermanentError

CUSTOM: Final = "shared.actions.custom"
"""The package whose modules are the deployment's own."""
FOLDER: Final = CUSTOM.replace(".", "/")
OURS: Final = "shared"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CrashSite:
    """The exception's type and its deepest frame in own code, or else in Postroom's."""

    type: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.type} at {self.file}:{self.line}" if self.file else self.type

    @property
    def is_own(self) -> bool:
        """Whether it is in the deployment's own code."""
        return self.file is not None and self.file.startswith(f"{FOLDER}/")

    def as_json(self) -> dict[str, Any]:
        """Return it as data for the operations log and for the caller."""
        return {"type": self.type, "file": self.file, "line": self.line}


class WrongReturnError(TypeError):
    """A function of own code returned what it must not: `function` is where to look."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function


def as_awaitable(function: Callable[..., Awaitable[T]], made: Awaitable[T]) -> Awaitable[T]:
    """Return what an own function made, to be awaited. Raises WrongReturnError for a plain def."""
    if not isawaitable(made):
        raise WrongReturnError(function)
    return made


class SyncFailedError(PermanentError):
    """An own sync raised, or did what it must not: it quotes nothing of what it worked on."""

    code = "sync_failed"


class ActionCrashedError(PermanentError):
    """An action raised what it must not: `site` says where."""

    code = "action_crashed"

    def __init__(self, action: str, site: CrashSite) -> None:
        super().__init__(f"The action {action} crashed: {site}. Nothing of it is kept.")
        self.site = site


class ActionTimeoutError(PermanentError):
    """An action did not return within its `timeout`; its effect may have happened."""

    code = "action_timeout"

    def __init__(self, action: str, seconds: float) -> None:
        super().__init__(
            f"The action {action} did not return within {seconds:g} s: what it began may have "
            "happened."
        )


class ProjectionError(PermanentError):
    """A deployment's own `project` raised: nothing is lost, reading goes on once it is mended."""

    code = "projection_failed"

    def __init__(self, model: str, message_id: str, reason: str) -> None:
        super().__init__(
            f"The projection {model} raised {reason} on message {message_id}: mend it, then read "
            "on from the same cursor."
        )
        self.model = model
        self.message_id = message_id


def crash_site(error: BaseException) -> CrashSite:
    """Return where `error` was raised; of a wrong return value, where its function begins."""
    if isinstance(error, WrongReturnError):
        function = unwrap(getattr(error.function, "func", error.function))
        code = getattr(function, "__code__", None)
        file = _file(function.__globals__, code) if code else None
        return CrashSite(type(error).__name__, file, code.co_firstlineno if code else None)
    frames = [*_frames(error)]
    own = [frame for frame in frames if _inside(frame[0], CUSTOM)]
    ours = [frame for frame in frames if _inside(frame[0], OURS)]
    for _, file, line in (own or ours)[-1:]:
        return CrashSite(type(error).__name__, file, line)
    return CrashSite(type(error).__name__)


def _frames(error: BaseException) -> Iterator[tuple[str, str, int]]:
    """Yield module, file and line of each frame, the deepest last."""
    for frame, line in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__") or "")
        yield module, _file(frame.f_globals, frame.f_code), line


def _file(variables: dict[str, Any], code: CodeType) -> str:
    package = str(variables.get("__package__") or "")
    return f"{package.replace('.', '/')}/{PurePath(code.co_filename).name}"


def _inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
