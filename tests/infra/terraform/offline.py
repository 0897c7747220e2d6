"""Runs the real Terraform without network, where the tools for it lie beside the project."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.archives import EXTRAS, ROOT, build
from shared.edge.settings.functions import FUNCTIONS
from tests.harness.once import alone, run_id

TERRAFORM = ROOT / "infra" / "terraform"
TOOLS = ROOT.parent / "shared" / "terraform-offline"
PROJECT = "demo-project"
SECRET = "whsec_" + "A" * 32
VARIABLES = {
    "project": PROJECT,
    "environment": "prod",
    "domain": "mail.example.com",
    "product_name": "Demo",
    "product_origins": '["https://app.example.com"]',
    "oauth_client_id": "1-a.apps.googleusercontent.com",
    "api_key_hashes": json.dumps(["ab" * 32]),
    "alert_emails": '["operations@example.com"]',
    "publish_events": "true",
    "webhook_secret_version": "1",
    "budget": '{"billing_account":"000000-000000-000000","units":100}',
}


def missing() -> str | None:
    """Return what keeps Terraform from running here, None where nothing does."""
    if shutil.which("terraform") is None:
        return "terraform is not installed: nothing of infra/terraform was checked"
    if not (TOOLS / "tf_offline.py").is_file():
        return f"no offline provider in {TOOLS.name} beside the project: no plan was made"
    absent = [name for name in ("grpc", "msgpack") if find_spec(name) is None]
    return f"the offline provider needs {absent}: no plan was made" if absent else None


@cache
def archives() -> Path:
    """Build every function's archive, once for all workers of a run, where a plan finds them."""
    directory = ROOT / "build" / "archives"
    directory.mkdir(parents=True, exist_ok=True)
    run, built_in = run_id(), directory.with_name("archives-built-in")
    with alone(built_in):
        if built_in.read_text() != run:
            _build_all(directory)
            built_in.write_text(run)
    return directory


def _build_all(directory: Path) -> None:
    with TemporaryDirectory(dir=ROOT / "build") as fresh:
        for function in FUNCTIONS:
            for extra in (None, *EXTRAS.get(function.name, ())):
                built = build(function.name, Path(fresh), extra)
                built.replace(directory / built.name)  # at once: another run may be reading


@cache
def schema() -> Path:
    """Write the provider's schema with only the types this project uses: a tenth of the time."""
    whole = json.loads(gzip.decompress((TOOLS / "google.schema.json.gz").read_bytes()))
    sources = "".join(file.read_text() for file in TERRAFORM.rglob("*.tf"))
    used = {*re.findall(r'^(?:resource|data) "(\w+)"', sources, re.MULTILINE)}
    for provider in whole["provider_schemas"].values():
        for kind, types in provider.items():
            if kind.endswith("_schemas"):
                provider[kind] = {name: one for name, one in types.items() if name in used}
    small = ROOT / "build" / "google.schema.json"
    small.parent.mkdir(exist_ok=True)
    written = small.with_suffix(f".{os.getpid()}")
    written.write_text(json.dumps(whole))
    return written.replace(small)


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run fmt, init, validate, plan and what `options` ask for on a copy of infra/terraform."""
    command = [sys.executable, str(TOOLS / "tf_offline.py"), str(TERRAFORM)]
    command += ["--schema", str(schema()), "--schema", str(TOOLS / "time.schema.json.gz")]
    command += ["--rules", str(TOOLS / "rules.json"), *options]
    for name, value in VARIABLES.items():
        command += ["--var", f"{name}={value}"]
    environ = {
        **os.environ,
        "TF_VAR_archives": str(archives()),
        "TF_VAR_oauth_client_secret": "not-a-real-secret",
        "TF_VAR_webhook_secret": "not-a-real-secret",
        "GOGC": "400",  # a sixth of Terraform's time went into collecting a heap that stays small
    }
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


class Plan:
    """What Terraform would create, read back from its own JSON."""

    def __init__(self, path: Path) -> None:
        planned = json.loads(path.read_text())
        root = planned["configuration"]["root_module"]
        self.modules: dict[str, Any] = root["module_calls"]
        self.declared: list[dict[str, Any]] = root["resources"]
        self.outputs: dict[str, Any] = planned["planned_values"]["outputs"]
        self.resources: dict[str, dict[str, Any]] = {
            one["address"]: one["change"]["after"] | {"type": one["type"]}
            for one in planned["resource_changes"]
            if one["change"]["actions"] == ["create"]
        }

    def of(self, type: str, within: str = "") -> dict[str, dict[str, Any]]:
        """Return the resources of a type, by address; `within` is the address's beginning."""
        return {
            address: one
            for address, one in self.resources.items()
            if one["type"] == type and address.startswith(within)
        }

    def function(self, name: str) -> dict[str, Any]:
        """Return the settings a function of that name runs with."""
        address = f'module.function["{name}"]'
        (found,) = self.of("google_cloudfunctions2_function", address).values()
        config: dict[str, Any] = found["service_config"][0]
        return config

    def environment(self, name: str) -> dict[str, str]:
        """Return what a function finds in its environment, as the platform completes it."""
        config = self.function(name)
        secrets = {one["key"]: SECRET for one in config["secret_environment_variables"]}
        return {"FUNCTION_TARGET": name, **config["environment_variables"], **secrets}
