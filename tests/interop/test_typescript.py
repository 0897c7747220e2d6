"""The programs of the TypeScript and the React guide, compiled strictly and run, as printed."""

import asyncio
import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from standardwebhooks import Webhook

from infra.local.environment import API_KEY
from infra.local.system import LocalSystem
from shared.pages.docs.contents import ROOT
from tests.functions.test_main_job import ADA
from tests.interop.conftest import SEEDED
from tests.interop.packages import installed

pytestmark = pytest.mark.asyncio(loop_scope="module")
TIMEOUT_S: Final = 120
COMPILER: Final = "node_modules/typescript/bin/tsc"
SHOWN: Final = re.compile(r"^`([\w.]+\.tsx?)`\n\n```tsx?\n(.*?)^```", re.MULTILINE | re.DOTALL)
STRICT: Final[dict[str, Any]] = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "noImplicitReturns": True,
    "module": "nodenext",
    "moduleResolution": "nodenext",
    "target": "es2022",
    "lib": ["es2022", "dom"],
    "jsx": "react-jsx",
    "types": ["node"],
    "skipDefaultLibCheck": True,
    "outDir": "built",
}
"""As strict as the compiler is; our description's own types are checked too, its library is not."""
DRIVER: Final = """
import { postroom } from "./client.js";
import { follow } from "./follow.js";
import { receive } from "./receive.js";
import { send } from "./send.js";

const [address, key, connection, secret, headers, body] = process.argv.slice(2) as [
  string, string, string, string, string, string,
];
const api = postroom(address, key);
const kept: unknown[] = [];
const keep = async (records: unknown[]) => { kept.push(...records); };
const cursor = await follow(api, connection, null, keep);
const again = await follow(api, connection, cursor, keep);
const letter = { to: "bob@acme.example", subject: "Hello", body: "From TypeScript." };
const states = [
  await send(api, connection, "ts-1", letter),
  await send(api, connection, "ts-1", letter),
];
const event = receive(secret, JSON.parse(headers), body);
let forged = "taken";
try { receive(secret, JSON.parse(headers), body + " "); } catch { forged = "refused"; }
const told = { kept: kept.length, same: cursor === again, states, type: event.type, forged };
console.log(JSON.stringify(told));
"""


def shown(guide: str) -> dict[str, str]:
    """Return the files that a guide shows."""
    text = (ROOT / "shared/docs/guides" / f"{guide}.md").read_text("utf-8")
    return dict(SHOWN.findall(text))


async def ran(folder: Path, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(TIMEOUT_S):
        printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


def project(folder: Path, files: dict[str, str]) -> str:
    """Lay out a project of these files. Return Node's path."""
    (folder / "node_modules").symlink_to(installed())
    whole = {
        **files,
        "package.json": '{"type": "module"}',
        "tsconfig.json": json.dumps({"compilerOptions": STRICT}),
    }
    for name, text in whole.items():
        (folder / name).write_text(text, "utf-8")
    node = shutil.which("node")
    assert node is not None
    return node


async def test_the_typescript_guides_program_compiles_strictly_and_does_what_it_says(
    system: LocalSystem, connection: str, tmp_path: Path
) -> None:
    described = (await system.client.get("/openapi.json")).text
    files = {**shown("typescript"), "openapi.json": described, "main.ts": DRIVER}
    node = await asyncio.to_thread(project, tmp_path, files)
    generator = "node_modules/openapi-typescript/bin/cli.js"
    optional = "--default-non-nullable=false"
    await ran(tmp_path, node, generator, "openapi.json", optional, "--output", "postroom.d.ts")
    await ran(tmp_path, node, COMPILER, "--project", "tsconfig.json")
    secret, body, now = "whsec_" + "c2VjcmV0" * 4, '{"type":"sync"}', datetime.now(UTC)
    headers = {
        "webhook-id": "evt-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("evt-1", now, body),
    }
    told = await ran(
        tmp_path,
        *(node, "built/main.js", system.url, API_KEY, connection, secret),
        *(json.dumps(headers), body),
    )
    assert json.loads(told) == {
        "kept": SEEDED,
        "same": True,
        "states": ["submitted", "submitted"],
        "type": "sync",
        "forged": "refused",
    }
    sent = await system.client.get("/sends/ts-1", headers={"Connection-Id": connection})
    assert sent.json()["status"] == "submitted"
    listed = (await system.google.get(f"/_control/mailboxes/{ADA}/messages")).json()["messages"]
    assert len([one for one in listed if "SENT" in one["labelIds"]]) >= 1


async def test_the_react_guides_button_compiles_strictly(tmp_path: Path) -> None:
    files = shown("react")
    assert [*files] == ["ConnectButton.tsx"]
    node = await asyncio.to_thread(project, tmp_path, files)
    own = ("--noEmit", "--skipLibCheck")  # the widget's own types do not compile by themselves
    await ran(tmp_path, node, COMPILER, "--project", "tsconfig.json", *own)
