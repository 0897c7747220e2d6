"""What every function on Firestore loads and does: the framework, the client, one document read."""

import asyncio
import json
import time

import functions_framework.aio  # noqa: F401  the framework is part of what is measured
from google.cloud import firestore


async def main() -> None:
    """Read the document, and print the CPU seconds at the end of each part."""
    imported = time.process_time()
    await firestore.AsyncClient(project="demo").document("troubles/board").get()
    print(
        json.dumps(
            {"status": 200, "at": [imported, imported, time.process_time(), time.process_time()]}
        )
    )


asyncio.run(main())
