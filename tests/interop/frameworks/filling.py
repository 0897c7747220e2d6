"""First calls as models make them that may leave no field out."""

from typing import Any

EMPTY: dict[str, Any] = {"string": "", "array": [], "boolean": False, "integer": 0, "number": 0}


def filled(schema: Any, empty: Any = "typed") -> dict[str, Any]:
    """Return a call with every field filled with nothing: of its type, or with this value."""
    return {
        name: nothing_of(one) if empty == "typed" else empty
        for name, one in schema["properties"].items()
    }


def nothing_of(field: Any) -> Any:
    """Return what a model fills in that may not leave a field out: of an enumeration the first."""
    if "enum" in field:
        return field["enum"][0]
    return filled(field) if field["type"] == "object" else EMPTY[field["type"]]
