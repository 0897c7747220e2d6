"""Runs the documented code of one framework with a scripted model; in the frameworks' environment.

`python run_agent.py HEADING PAGE`: reads `{"url", "headers", "calls": [[tool, arguments]]}` as
JSON, and prints one line of JSON: which tools the model was given, what it was told of each call,
and the agent's last words.
"""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

Calls = Sequence[tuple[str, dict[str, Any]]]
Ask = Callable[..., Awaitable[str]]
QUESTION, LAST = "What is new?", "That is all."


async def openai_agents(ask: Ask, calls: Calls) -> Any:
    """Run with the framework's own scripted model."""
    from agents import set_tracing_disabled
    from agents.testing import ScriptedModel, assistant_message, function_call

    set_tracing_disabled(disabled=True)
    steps = [
        [function_call(name, given, call_id=f"call-{number}")]
        for number, (name, given) in enumerate(calls)
    ]
    model = ScriptedModel([*steps, [assistant_message(LAST)]])
    words = await ask(QUESTION, model)
    last = model.last_call
    told = [
        json.dumps(one["output"]) for one in last.input if one.get("type", "").endswith("output")
    ]
    tools = {tool.name: tool.params_json_schema for tool in last.tools}
    return {"tools": tools, "told": told, "words": words}


async def langchain(ask: Ask, calls: Calls) -> Any:
    """Run with a chat model that makes the calls one after the other."""
    from langchain_core.language_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.utils.function_calling import convert_to_openai_tool
    from pydantic import Field

    class Scripted(GenericFakeChatModel):  # type: ignore[misc]  # not installed here
        tools: dict[str, Any] = Field(default_factory=dict)
        told: list[str] = Field(default_factory=list)

        def bind_tools(self, tools: Any, **_: Any) -> Any:
            made = [convert_to_openai_tool(tool, strict=True)["function"] for tool in tools]
            self.tools.update({one["name"]: one["parameters"] for one in made})
            return self

        def _generate(self, messages: Any, *given: Any, **named: Any) -> Any:
            self.told[:] = [str(one.content) for one in messages if one.type == "tool"]
            return super()._generate(messages, *given, **named)

    steps = [
        AIMessage("", tool_calls=[{"name": name, "args": given, "id": f"call-{number}"}])
        for number, (name, given) in enumerate(calls)
    ]
    model = Scripted(messages=iter([*steps, AIMessage(LAST)]))
    words = await ask(QUESTION, model)
    return {"tools": model.tools, "told": model.told, "words": words}


async def anthropic(ask: Ask, calls: Calls) -> Any:
    """Run with the SDK's client on a scripted server of messages."""
    import httpx2
    from anthropic import AsyncAnthropic

    asked: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content))
        number = len(asked) - 1
        block: dict[str, Any] = {"type": "text", "text": LAST}
        if number < len(calls):
            name, given = calls[number]
            block = {"type": "tool_use", "id": f"call-{number}", "name": name, "input": given}
        reason = "tool_use" if number < len(calls) else "end_turn"
        usage = {"input_tokens": 1, "output_tokens": 1}
        shown = {"id": "m", "type": "message", "role": "assistant", "model": "scripted"}
        return httpx2.Response(
            200, json={**shown, "content": [block], "stop_reason": reason, "usage": usage}
        )

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    words = await ask(QUESTION, AsyncAnthropic(api_key="scripted", http_client=http))
    tools = {tool["name"]: tool["input_schema"] for tool in asked[0]["tools"]}
    answers = [one["messages"][-1]["content"] for one in asked[1:]]
    told = [json.dumps(block["content"]) for one in answers for block in one]
    return {"tools": tools, "told": told, "words": words}


async def google_adk(ask: Ask, calls: Calls) -> Any:
    """Run with a model that makes the calls one after the other."""
    from google.adk.models import BaseLlm, LlmResponse
    from google.genai.types import Content, FunctionCall, Part

    seen: list[Any] = []

    class Scripted(BaseLlm):  # type: ignore[misc]  # not installed here
        async def generate_content_async(self, llm_request: Any, stream: bool = False) -> Any:
            seen.append(llm_request)
            number = len(seen) - 1
            part = Part(text=LAST)
            if number < len(calls):
                name, given = calls[number]
                part = Part(function_call=FunctionCall(name=name, args=given))
            yield LlmResponse(content=Content(role="model", parts=[part]))

    words = await ask(QUESTION, Scripted(model="scripted"))
    declared = [one for tool in seen[-1].config.tools for one in tool.function_declarations]
    parts = [part for content in seen[-1].contents for part in content.parts]
    told = [json.dumps(one.function_response.response) for one in parts if one.function_response]
    tools = {one.name: one.parameters_json_schema for one in declared}
    return {"tools": tools, "told": told, "words": words}


RUNNERS: dict[str, Callable[[Ask, Calls], Coroutine[Any, Any, Any]]] = {
    "OpenAI Agents": openai_agents,
    "LangChain": langchain,
    "Anthropic SDK": anthropic,
    "Google ADK": google_adk,
}


def documented(page: str, heading: str) -> str:
    """Return the code under a heading of a page."""
    (section,) = re.findall(
        rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
    )
    return "\n".join(re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def main() -> None:
    """Run one framework's code."""
    heading, page = sys.argv[1:3]
    given = json.load(sys.stdin)
    known: dict[str, Any] = {"URL": given["url"], "HEADERS": given["headers"]}
    exec(documented(Path(page).read_text(), heading), known)
    print(json.dumps(asyncio.run(RUNNERS[heading](known["ask"], given["calls"]))))


if __name__ == "__main__":
    main()
