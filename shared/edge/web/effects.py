"""What every route that changes a mailbox shares: its headers, and that a person may be asked."""

from datetime import datetime
from typing import Literal

from starlette.responses import Response

from shared.actions.policy.request_approval import Waiting
from shared.actions.run import ActionAnswer
from shared.edge.web.answers import json_response
from shared.edge.web.call import Call
from shared.edge.web.routes import MEBIBYTE, ResponseModel

LARGEST_BODY = 36 * MEBIBYTE
"""25 MB of attachments in base64, and the message around them."""
WAITS = 202
KEY_HEADER = "idempotency-key"
EFFECT_HEADERS = {
    "Idempotency-Key": "Names work that must happen once, up to 256 characters.",
    "X-Async": "`true` answers at once; fetch the output from `statusUrl`.",
    "X-Max-Retries": "Accepted for other people's clients; retries need no number here.",
}


class WaitingView(ResponseModel):
    """The key's policy wants a person's word: repeat the call to learn what became of it."""

    status: Literal["waiting_for_approval", "running"]
    approval_id: str
    action: str
    expires_at: datetime


def action_response(call: Call, answer: ActionAnswer | Waiting, status: int = 200) -> Response:
    """Return the action's output, or with 202 that it waits for a person."""
    if isinstance(answer, Waiting):
        return json_response(WaitingView(**answer.as_json()), WAITS)
    if answer.replayed:
        call.response_headers["Idempotent-Response"] = "true"
    return json_response(answer.output, status)
