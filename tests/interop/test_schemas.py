"""The schemas made from Nango's types bite: a test that passes by accepting anything is none."""

import pytest

from tests.interop.packages import installed
from tests.interop.schemas import Schemas, generated

STATUS = {
    "id": "s",
    "type": "INCREMENTAL",
    "name": "fetch-messages",
    "status": "SUCCESS",
    "frequency": "every hour",
    "latestResult": {"EmailMessage": {"added": 1, "updated": 0, "deleted": 0}},
    "recordCount": {"EmailMessage": 1},
    "nextScheduledSyncAt": "2026-01-01T00:00:00Z",
    "checkpoint": {"history_id": "7"},
}


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    installed()
    return generated()


def test_no_type_takes_just_anything(schemas: Schemas) -> None:
    for name in schemas.whole["properties"]:
        for wrong in ({"nonsense": 1}, [1], "text", None):
            with pytest.raises(AssertionError):
                schemas.check(name, wrong)


def test_further_fields_are_allowed_as_the_types_allow_them(schemas: Schemas) -> None:
    schemas.check("deleteConnection", {"success": True, "further": 1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "IDLE"},
        {"latestResult": {"EmailMessage": {"added": "1", "updated": 0, "deleted": 0}}},
        {"checkpoint": {"history_id": None}},
        {"checkpoint": {"deep": {"er": 1}}},
        {"finishedAt": None},
    ],
    ids=str,
)
def test_a_field_of_another_kind_is_found(schemas: Schemas, wrong: dict[str, object]) -> None:
    schemas.check("syncStatus", {"syncs": [STATUS]})
    with pytest.raises(AssertionError, match=next(iter(wrong))):
        schemas.check("syncStatus", {"syncs": [{**STATUS, **wrong}]})
