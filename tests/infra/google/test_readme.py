"""The emulated Google's README lists every control, field and fault there is, and no other."""

import re
from pathlib import Path

from infra.local.google import control_bodies
from infra.local.google.app import create_app
from infra.local.google.control import Control
from infra.local.google.control_bodies import RequestModel
from infra.local.google.faults import NAMES
from infra.local.google.settings import GoogleSettings

PAGE = (Path(control_bodies.__file__).parent / "README.md").read_text()
CALLS, FAULTS = PAGE.split("## The control API")[1].split("## Faults")
WORDS = re.compile(r"`([^`]+)`")


def rows(section: str) -> list[list[str]]:
    """Return the cells of a section's table, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [line.strip("|").split("|") for line in lines[2:]]


def test_every_control_is_documented_and_every_documented_one_is_there() -> None:
    """Verb and path of each row are those of a route."""
    google = create_app(GoogleSettings(push_endpoint=None)).state.google
    served = {
        (verb, route.path.removeprefix("/_control"))
        for route in Control(google).routes()
        for verb in (route.methods or set()) - {"HEAD"}
    }
    google.close()
    documented = [tuple(WORDS.findall(cells[0])[0].split()) for cells in rows(CALLS)]
    assert len(documented) == len(set(documented))
    assert set(documented) == served


def test_every_field_of_a_body_is_documented_with_its_call() -> None:
    """A body's docstring names its call; the row names the body's fields, `?` where optional."""
    documented = {WORDS.findall(cells[0])[0]: cells[0] for cells in rows(CALLS)}
    for body in RequestModel.__subclasses__():
        row = documented[(body.__doc__ or "").removesuffix(".").replace("/_control", "")]
        for name, field in body.model_fields.items():
            assert f"`{name}`" in row
            assert field.is_required() == (f"`{name}`?" not in row) or "for some" in row


def test_every_fault_is_documented_once_and_every_documented_one_is_there() -> None:
    """The first column holds their names."""
    named = [name for cells in rows(FAULTS) for name in WORDS.findall(cells[0])]
    assert sorted(named) == sorted(NAMES)
