"""What a set of pages is made of: its templates, and the files that a browser fetches."""

from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

MEDIA = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Assets:
    """The folders `templates` and `static` below `root`; `path` is where the files are served."""

    root: Path
    path: str

    @cached_property
    def files(self) -> dict[str, Path]:
        """The files by name; no other name is ever looked up on the disk."""
        return {path.name: path for path in sorted((self.root / "static").iterdir())}

    def address(self, name: str) -> str:
        """Return a file's address; it changes with the content, so it may be kept for ever."""
        return f"{self.path}/{name}?v={_version(self.files[name])}"

    def file(self, name: str) -> tuple[bytes, str] | None:
        """Return content and media type of one of our own files, None for any other name."""
        path = self.files.get(name)
        return (path.read_bytes(), MEDIA[path.suffix]) if path else None

    @cached_property
    def environment(self) -> "Environment":
        """The templates, with everything escaped and no variable taken for granted."""
        # Imported here because functions load the routes of pages that they never show.
        from jinja2 import (  # noqa: PLC0415
            Environment,
            FileSystemLoader,
            StrictUndefined,
            select_autoescape,
        )

        return Environment(
            loader=FileSystemLoader(self.root / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )


@cache
def _version(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]
