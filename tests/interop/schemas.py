"""JSON schemas of what the client expects, made from the pinned `@nangohq/types`."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from infra.archives import ROOT
from tests.harness.once import made_once
from tests.interop.packages import HERE, installed

GENERATE_S = 120
SOURCES = ("answers.ts", "schemas.mjs", "tsconfig.json", "package-lock.json")


@dataclass(frozen=True)
class Schemas:
    """One schema for each property of `Answers` in `answers.ts`."""

    whole: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.whole["properties"]

    def fields(self, name: str) -> list[str]:
        """Return the fields that an object of the type may have, of whichever of its kinds."""
        found: dict[str, None] = {}
        waiting = [self.whole["properties"][name]]
        while waiting:
            one = waiting.pop(0)
            if "$ref" in one:
                waiting.append(self.whole["definitions"][one["$ref"].rpartition("/")[2]])
            waiting += one.get("anyOf", [])
            found |= dict.fromkeys(one.get("properties", ()))
        return [*found]

    def check(self, name: str, value: Any) -> None:
        """Assert that `value` is what the type of that name says."""
        schema = {**self.whole["properties"][name], "definitions": self.whole["definitions"]}
        wrong = [_said(one) for one in Draft7Validator(schema).iter_errors(value)]
        assert not wrong, f"{name} is not of Nango's type:\n" + "\n".join(wrong)


@cache
def generated() -> Schemas:
    """Return the schemas of `answers.ts`, made once for what they are made of: two seconds."""
    installed()
    made_of = b"".join((HERE / name).read_bytes() for name in SOURCES)
    name = f"nango-schemas-{sha256(made_of).hexdigest()[:12]}.json"
    (ROOT / "build").mkdir(exist_ok=True)
    return Schemas(json.loads(made_once(ROOT / "build" / name, _generate).read_text("utf-8")))


def _generate(path: Path) -> None:
    node = shutil.which("node")
    assert node is not None
    ended = subprocess.run(
        [node, "schemas.mjs"],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=GENERATE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    path.write_text(ended.stdout, "utf-8")


def _said(error: Any) -> str:
    inner = [_said(one) for one in error.context or ()]
    return "\n  ".join([f"at {error.json_path}: {error.message[:300]}", *inner])
