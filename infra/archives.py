"""Builds one archive a function, as the platform takes them: `python -m infra.archives`.

Each holds main.py at its root, `shared/` beside it and the locked requirements of that function
(FACTS 8.6, 8.7). The same sources make the same bytes, so an archive's hash names its content.
"""

import argparse
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from infra.requirements import WrongLockError, custom_stanzas, locked_for
from shared.actions.loading import catalogue
from shared.edge.settings.functions import FUNCTIONS
from shared.pages.docs.contents import SOURCES

ROOT: Final = Path(__file__).resolve().parents[1]
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip file can name."""
EXTRAS: Final = {"deliver_event": ("sqs",)}
"""What a function may bring besides: an archive of its own, which Terraform takes where it must."""
LEFT_OUT: Final = frozenset({"client", "commands", "docs"})
"""Folders of `shared/` that no function needs."""
WITH_PAGES: Final = frozenset({"api", "mcp"})
"""The functions that serve the documentation, as pages and as tools."""


def build(name: str, directory: Path, extra: str | None = None) -> Path:
    """Write `directory`/NAME.zip, or NAME_EXTRA.zip, and answer its path."""
    directory.mkdir(parents=True, exist_ok=True)
    archive = directory / (f"{name}_{extra}.zip" if extra else f"{name}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for inside, source in sorted(_contents(name, extra)):
            entry = zipfile.ZipInfo(inside, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, source)
    return archive


def _contents(name: str, extra: str | None) -> Iterator[tuple[str, bytes]]:
    yield "main.py", (ROOT / "functions" / name / "main.py").read_bytes()
    yield "requirements.txt", locked_for(name, extra).encode()
    for source in (ROOT / "shared").rglob("*"):
        inside = source.relative_to(ROOT)
        if source.is_file() and _is_needed(inside):
            yield inside.as_posix(), source.read_bytes()
    for page in SOURCES if name in WITH_PAGES else ():
        yield page, (ROOT / page).read_bytes()


def _is_needed(path: Path) -> bool:
    """Whether each function needs a file of `shared/`: pages go to those that show them."""
    left_out = path.parts[1] in LEFT_OUT or "__pycache__" in path.parts
    return not left_out and path.as_posix() not in SOURCES


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the archives named on the command line, all of them by default.

    Returns the exit code: 1, and builds nothing, where some own code could not be served.
    """
    known = [one.name for one in FUNCTIONS]
    parser = argparse.ArgumentParser(prog="python -m infra.archives", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "archives")
    chosen = parser.parse_args(arguments)
    unknown = sorted({*chosen.names} - {*known})
    if unknown:
        parser.error(f"no such function: {', '.join(unknown)}")
    if faults := catalogue().faults:
        for fault in faults:
            print(f"{fault}: {fault.words}", file=sys.stderr)  # noqa: T201  as below
        return 1
    try:
        custom_stanzas()
    except WrongLockError as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201  as below
        return 1
    if catalogue().syncs:
        print("There are own syncs: set own_syncs = true in Terraform.", file=sys.stderr)  # noqa: T201
    if names := sorted(catalogue().secrets):
        print(f"Own code reads {', '.join(names)}: list them in own_secrets.", file=sys.stderr)  # noqa: T201
    for name in chosen.names or known:
        for extra in (None, *EXTRAS.get(name, ())):
            print(build(name, chosen.to, extra))  # noqa: T201  a command talks to a person
    return 0


if __name__ == "__main__":
    sys.exit(main())
