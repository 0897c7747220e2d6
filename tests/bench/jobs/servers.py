"""The servers that the jobs are done with: Postroom over HTTP, the others as they are started."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from infra.local.environment import API_KEY, CLIENT_ID, CLIENT_SECRET
from infra.local.system import LocalSystem
from tests.bench.jobs.mailbox import ADA, Facts
from tests.bench.peers import NoEnvironmentError
from tests.interop.packages import installed

HERE = Path(__file__).parent
ENTRY = "node_modules/@gongrzhe/server-gmail-autoauth-mcp/dist/index.js"
LATER = "2099-01-01T00:00:00"
GMAIL = ("readonly", "send", "compose", "modify", "labels", "settings.basic")
SCOPES = [
    *("openid", "https://mail.google.com/"),
    *(f"https://www.googleapis.com/auth/userinfo.{one}" for one in ("email", "profile")),
    *(f"https://www.googleapis.com/auth/gmail.{one}" for one in GMAIL),
]


@asynccontextmanager
async def postroom(system: LocalSystem, facts: Facts) -> AsyncIterator[Client]:
    """Yield a client of Postroom's default set."""
    headers = {
        "Authorization": f"Bearer {API_KEY}",
        "connection-id": facts.connection,
        "provider-config-key": "google-mail",
    }
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"{system.url}/mcp", http_client=http)
        async with Client(transport) as client:
            yield client


@asynccontextmanager
async def workspace(
    system: LocalSystem, facts: Facts, folder: Path, python: Path
) -> AsyncIterator[Client]:
    """Yield a client of workspace-mcp with its Gmail tools, for the one user it knows."""
    kept = {
        "token": facts.token,
        "refresh_token": facts.token,
        "token_uri": f"{_google(system)}/token",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scopes": SCOPES,
        "expiry": LATER,
    }
    (folder / f"{ADA}.json").write_text(json.dumps(kept))
    environ = {
        **_environ(system, folder),
        "WORKSPACE_MCP_CREDENTIALS_DIR": str(folder),
        "GOOGLE_OAUTH_CLIENT_ID": CLIENT_ID,
        "GOOGLE_OAUTH_CLIENT_SECRET": CLIENT_SECRET,
        "USER_GOOGLE_EMAIL": ADA,
    }
    program = str(HERE / "redirect_google.py")
    args = [program, "--single-user", "--tools", "gmail"]
    async with _spoken(StdioServerParameters(command=str(python), args=args, env=environ)) as one:
        yield one


@asynccontextmanager
async def gongrzhe(system: LocalSystem, facts: Facts, folder: Path) -> AsyncIterator[Client]:
    """Yield a client of server-gmail-autoauth-mcp. Raises NoEnvironmentError without Node."""
    node = shutil.which("node")
    if node is None:
        raise NoEnvironmentError("no Node.js")
    modules = installed(HERE)
    keys, kept = folder / "keys.json", folder / "credentials.json"
    keys.write_text(
        json.dumps({"installed": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}})
    )
    kept.write_text(json.dumps({"access_token": facts.token, "expiry_date": 4_000_000_000_000}))
    environ = {
        **_environ(system, folder),
        "GMAIL_OAUTH_PATH": str(keys),
        "GMAIL_CREDENTIALS_PATH": str(kept),
    }
    args = ["--import", str(HERE / "redirect_google.mjs"), str(modules.parent / ENTRY)]
    parameters = StdioServerParameters(command=node, args=args, env=environ, cwd=str(folder))
    async with _spoken(parameters) as one:
        yield one


@asynccontextmanager
async def _spoken(parameters: StdioServerParameters) -> AsyncIterator[Client]:
    async with Client(stdio_client(parameters), mode="legacy") as client:
        yield client


def _environ(system: LocalSystem, folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "EMULATED_GOOGLE": _google(system)}


def _google(system: LocalSystem) -> str:
    return str(system.google.base_url).rstrip("/")
