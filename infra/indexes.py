"""Writes what Terraform declares to Firestore: `python -m infra.indexes`.

The store's own module says which indexes, exemptions and expiries it needs; Terraform reads them
as JSON. A test compares the file with the module, so that neither moves alone.
"""

import json
from pathlib import Path
from typing import Any, Final

from shared.adapters.documents import codec as document_codec
from shared.adapters.firestore.indexes import COMPOSITE, SINGLE_FIELD, TTL

FILE: Final = Path(__file__).parent / "terraform" / "modules" / "state" / "indexes.json"
SUBCOLLECTIONS: Final = frozenset({"records", "quarantine", "model_records"})
"""Under `connections/{id}`; their documents have no codec of the common kind."""


def declaration() -> dict[str, Any]:
    """Return indexes, kept single-field indexes, expiries and every collection's name."""
    return {
        "collections": sorted(collections()),
        "composite": [
            {
                "collection": index.collection,
                "fields": [{"path": path, "mode": mode} for path, mode in index.fields],
            }
            for index in COMPOSITE
        ],
        "single_field": [
            {"collection": index.collection, "path": path, "mode": mode}
            for index in SINGLE_FIELD
            for path, mode in index.fields
        ],
        "ttl": dict(sorted(TTL.items())),
    }


def collections() -> frozenset[str]:
    """Return the name of every collection the store writes to."""
    codecs = [one for one in vars(document_codec).values() if isinstance(one, document_codec.Codec)]
    return SUBCOLLECTIONS | {codec.collection for codec in codecs}


def text() -> str:
    """Return the file's content."""
    return json.dumps(declaration(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
