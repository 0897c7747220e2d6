"""Every worked request of the reference is sent, and its printed answer is like what came.

POSTROOM_RECORD_ANSWERS=1 writes down what came of a new operation, or of one whose answer has
another shape than before; the others stay as they are.
"""

import json
import os
from pathlib import Path

from shared.edge.web.openapi.requests import ANSWERS, answers
from tests.edge.docs.worked import ROUTES, shape
from tests.edge.docs.worked_scenes import every_answer

RECORD = "POSTROOM_RECORD_ANSWERS"


async def test_every_worked_request_is_answered_as_it_is_printed(tmp_path: Path) -> None:
    came = await every_answer(tmp_path)
    printed = answers()
    new = {name for name in came if shape(printed.get(name)) != shape(came[name])}
    if new and os.environ.get(RECORD):
        whole = {name: one if name in new else printed[name] for name, one in came.items()}
        ANSWERS.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
        answers.cache_clear()
        printed = answers()
    assert {*came} == {*ROUTES}
    for name, answer in came.items():
        assert shape(printed.get(name)) == shape(answer), f"{name}: run with {RECORD}=1"
