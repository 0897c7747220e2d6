"""An action of a deployment's own that asks another host, as a module's source."""

SOURCE = """
from pydantic import BaseModel

from shared.actions.registry import Action, ActionContext, ActionInput
from shared.domain.connect.scopes import READONLY


class Asked(ActionInput):
    url: str
    secret: str = "LLM_KEY"


class Said(BaseModel):
    text: str


async def ask(context: ActionContext, asked: Asked) -> Said:
    headers = {"Authorization": f"Bearer {context.secret(asked.secret)}"}
    found = await context.http.post(asked.url, {"prompt": "Hello"}, headers=headers)
    return Said(text=found["text"])


ACTION = Action(
    name="ask-model",
    summary="Ask a model.",
    input=Asked,
    output=Said,
    run=ask,
    scopes=(READONLY,),
    hosts=(HOST, "metadata.internal.example"),
    secrets=("LLM_KEY", "UNSET_KEY"),
)
"""


def source(host: str) -> str:
    """Return the module for one host."""
    return f'HOST = "{host}"\n{SOURCE}'
