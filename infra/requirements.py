"""The lock, cut down to what one function needs: fewer packages to build, to scan and to trust.

A few dependencies serve one function alone; what only they bring goes with them. Which package
brings which is read from the installed packages, so this runs in the project's environment. An
extra has a lock of its own, made beside the first one's versions, and goes only to a deployment
that uses it. So does the lock of a deployment's own code, where there is one: it goes to the
functions that load `shared/actions/custom/`, and to no other.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from shared.edge.settings.functions import FUNCTIONS

ROOT: Final = Path(__file__).resolve().parents[1]
ONLY_FOR: Final = {
    "google-cloud-pubsub": frozenset({"deliver_event"}),
    "markdown-it-py": frozenset({"api"}),
    "mcp": frozenset({"mcp"}),
    "opentelemetry-exporter-prometheus": frozenset(),
    "pypdf": frozenset({"api", "mcp", "run_actions"}),
    "wsproto": frozenset({"api"}),
}
"""Direct dependencies that other functions never import."""
CUSTOM: Final = ROOT / "requirements-custom.txt"
OWN_CODE: Final = frozenset(one.name for one in FUNCTIONS if one.own_code)
COMMENT: Final = re.compile(r"^[ ]*#.*\n?", re.MULTILINE)
MADE_BY: Final = (
    "uv pip compile WANTED.in -c requirements.txt --generate-hashes --universal "
    "--python-version 3.11 --no-header -o requirements-custom.txt"
)
STANZA: Final = re.compile(r"^(?=[A-Za-z0-9])", re.MULTILINE)
EXTRA: Final = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


class WrongLockError(ValueError):
    """`requirements-custom.txt` cannot go beside the lock."""


def locked_for(function: str, extra: str | None = None) -> str:
    """Return the lock's own lines, hashes included, of what `function` needs, and an extra's.

    Raises WrongLockError.
    """
    direct = [one for one in _direct() if function in ONLY_FOR.get(_name(one), {function})]
    wanted = brought_by(direct)
    chosen = {name: text for name, text in stanzas().items() if name in wanted}
    more = stanzas(f"requirements-{extra}.txt") if extra else {}
    own = custom_stanzas() if function in OWN_CODE else {}
    return "".join((own | more | chosen).values())


def custom_stanzas() -> dict[str, str]:
    """Return the lines of own code's lock by package, none where there is no lock.

    Raises WrongLockError for what is not pinned with hashes, or otherwise than in the lock.
    """
    if not CUSTOM.is_file():
        return {}
    text = COMMENT.sub("", CUSTOM.read_text())
    found = {}
    for part in filter(str.strip, STANZA.split(text)):
        name = _plain(part.partition("==")[0])
        if "==" not in part or "--hash=sha256:" not in part:
            raise WrongLockError(f"{CUSTOM.name} is a lock with hashes: {MADE_BY}")
        if (ours := stanzas().get(name)) and _pin(ours) != _pin(part):
            raise WrongLockError(f"{CUSTOM.name} pins another {name} than the lock: {MADE_BY}")
        found[name] = part
    return found


def _pin(stanza: str) -> str:
    return stanza.partition("==")[2].split()[0]


def brought_by(requirements: Iterable[Requirement]) -> frozenset[str]:
    """Return the names of the locked packages that `requirements` bring, themselves included.

    Conditions on the machine are ignored: a package too many is installed nowhere it is not for.
    """
    found: set[tuple[str, str]] = set()
    waiting = [*requirements]
    while waiting:
        one = waiting.pop()
        for extra in {"", *one.extras}:
            if _name(one) in stanzas() and (_name(one), extra) not in found:
                found.add((_name(one), extra))
                waiting += _requirements_of(_name(one), extra)
    return frozenset(name for name, _ in found)


@cache
def stanzas(lock: str = "requirements.txt") -> dict[str, str]:
    """Return a lock's lines by package."""
    parts = STANZA.split((ROOT / lock).read_text())
    return {_plain(part.partition("==")[0]): part for part in parts if "==" in part}


def _requirements_of(name: str, extra: str) -> Iterator[Requirement]:
    try:
        listed = requires(name) or []
    except PackageNotFoundError:  # one for another machine: what it needs is locked beside it
        return
    for one in map(Requirement, listed):
        extras = EXTRA.findall(str(one.marker or ""))
        if extra in extras or (not extra and not extras):
            yield one


def _direct() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(one) for one in project["dependencies"]]


def _name(requirement: Requirement) -> str:
    return _plain(requirement.name)


def _plain(name: str) -> str:
    """Fold a distribution's name as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
