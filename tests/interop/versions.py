"""The older clients that are tried beside the newest, by the names `package.json` gives them."""

import json
from functools import cache
from typing import Final

from tests.interop.packages import HERE

NEWEST: Final = {"node": "@nangohq/node", "frontend": "@nangohq/frontend"}


@cache
def clients(kind: str) -> dict[str, str]:
    """Return package names of the `node` or `frontend` client by version, the newest last."""
    wanted: dict[str, str] = json.loads((HERE / "package.json").read_text())["dependencies"]
    older = {
        version.rpartition("@")[2]: name
        for name, version in wanted.items()
        if name.startswith(f"nango-{kind}-")
    }
    return {**dict(sorted(older.items())), wanted[NEWEST[kind]]: NEWEST[kind]}
