"""A call that waits for a person, asked of the client's user: the console's page of the approval.

Only the 2026 era can ask without a stream that stays open: the result itself says what is needed,
and the client repeats the call (FACTS 11.1). The page is opened and the decision made there, by
a person who may: what an agent's client says of it counts for nothing, since its key could say it.
"""

from typing import Any, Final

from mcp.server.context import ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestURLParams,
    InputRequiredResult,
)

from shared.edge.mcp.results.envelope import WAITING
from shared.edge.web.call import Call
from shared.usecases.connect.settings import ConnectSettings

FIRST_VERSION: Final = "2026-07-28"
NAME: Final = "approval"
MESSAGE: Final = (
    "This call waits for a person's approval. The page shows what would be done; who may decide, "
    "decides there."
)


def asked_or_waiting(
    call: Call,
    context: ServerRequestContext[dict[str, object]],
    asked: CallToolRequestParams,
    result: CallToolResult,
) -> CallToolResult | InputRequiredResult:
    """Return a result as it is, or of a call that waits where a person decides about it.

    Once only: the repeated call is told what came of it, or that it still waits.
    """
    content: Any = result.structured_content or {}
    if content.get("status") != WAITING or asked.input_responses is not None:
        return result
    if not _opens_pages(context):
        return result
    page = f"{call.use(ConnectSettings).public_url}/console/approvals/{content['approval_id']}"
    request = ElicitRequest(params=ElicitRequestURLParams(message=MESSAGE, url=page))
    return InputRequiredResult(input_requests={NAME: request})


def _opens_pages(context: ServerRequestContext[dict[str, object]]) -> bool:
    """Whether the client said that it shows its user an address, in an era that can ask."""
    known = context.session.client_capabilities
    shown = known.elicitation if known is not None else None
    opens = shown is not None and shown.url is not None
    return opens and context.protocol_version >= FIRST_VERSION
