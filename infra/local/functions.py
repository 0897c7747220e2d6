"""Every deployable function loaded as the platform loads it, and all of them on one host."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from functions_framework.aio import create_asgi_app_from_module
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.edge.settings.functions import FUNCTIONS, function_for

ROOT = Path(__file__).resolve().parents[2]


class Functions:
    """ASGI application: each path goes to the function that serves it in the cloud (DESIGN 2.1)."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        with _environment(environ):
            self._apps = {one.name: load(one.name) for one in FUNCTIONS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        await self._apps[function_for(scope["path"]).name](scope, receive, send)


def load(name: str) -> ASGIApp:
    """Load functions/<name>/main.py under a module name of its own and serve it by the framework.

    The module parses its settings from the environment as it is now, as a new instance does.
    """
    source = ROOT / "functions" / name / "main.py"
    spec = spec_from_file_location(f"postroom_function_{name}", source)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    app: ASGIApp = create_asgi_app_from_module(  # type: ignore[no-untyped-call]
        name, str(source), "http", module, spec
    )
    return app


@contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
