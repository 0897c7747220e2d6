"""Every worked request of the reference is sent, and its printed answer is like what came.

POSTROOM_RECORD_ANSWERS=1 writes down what came instead, for a new operation or a changed answer.
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
    if os.environ.get(RECORD):
        ANSWERS.write_text(json.dumps(came, indent=1, ensure_ascii=False) + "\n", "utf-8")
        answers.cache_clear()
    assert {*came} == {*ROUTES}
    printed = answers()
    for name, answer in came.items():
        assert shape(printed[name]) == shape(answer), name
