"""Google's own Gmail client for Node works against the emulated Google."""

import json
import subprocess
from pathlib import Path

from tests.infra.google.emulator import FULL, SCOPE, Google
from tests.interop.packages import installed

FOLDER = Path(__file__).parent / "node"
SCOPES = (FULL, f"{SCOPE}settings.basic")


def test_the_node_client_sends_reads_filters_and_is_refused(google: Google, ada: str) -> None:
    """Plain calls, an upload, history and an error: each as the client reads it."""
    installed(FOLDER)
    command = ["node", "client.mjs", google.url, google.token(ada, SCOPES)]
    ended = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    saw = json.loads(ended.stdout)
    assert (saw["address"], saw["subject"]) == (ada, "From Node")
    assert saw["labels"] is True
    assert saw["listed"] == [saw["sent"]]
    assert saw["uploaded"] == ["INBOX"]
    assert saw["records"] >= 2
    assert saw["refused"] == {"status": 404, "message": "Requested entity was not found."}
