"""Writes the documentation as files, to be hosted anywhere: `python -m infra.docs`.

The same pages as a deployment serves, with links from file to file. `--address` is the Postroom
that the reference's requests name.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile
from typing import Final

from infra.archives import ROOT
from shared.edge.docs.site import Site
from shared.edge.table import whole_table
from shared.pages.docs.contents import PAGES
from shared.pages.docs.render import ASSETS, Places, page_html

INDEX: Final = "search.json"
FILES: Final = Places(
    page=lambda name, anchor: f"{name}.html{anchor}",
    markdown="{}.md".format,
    asset="static/{}".format,
    index=INDEX,
)


def write(folder: Path, address: str) -> int:
    """Write every page below `folder`, over what is there. Return how many pages there are."""
    site = Site(whole_table, address)
    (folder / "static").mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        text = site.markdown(page)
        (folder / FILES.markdown(name)).write_text(text, "utf-8")
        (folder / f"{name}.html").write_text(page_html(page, text, FILES), "utf-8")
    for name, path in ASSETS.files.items():
        copyfile(path, folder / "static" / name)
    (folder / INDEX).write_text(json.dumps(site.index(FILES)), "utf-8")
    (folder / "llms.txt").write_text(site.llms_txt(FILES.markdown), "utf-8")
    return len(PAGES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages where the command line says. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.docs", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "docs")
    parser.add_argument("--address", default="https://mail.example.com")
    chosen = parser.parse_args(arguments)
    count = write(chosen.to, chosen.address.rstrip("/"))
    print(f"{count} pages: {chosen.to / 'index.html'}")  # noqa: T201  a command talks to a person
    return 0


if __name__ == "__main__":
    sys.exit(main())
