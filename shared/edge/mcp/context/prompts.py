"""Prompts for three jobs: words of ours that name tools, and no mail."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    GetPromptResult,
    ListPromptsResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

THREAD: Final = "thread_id"
THREAD_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Job:
    """A job as a client's menu shows it, and what the model is told."""

    title: str
    description: str
    words: str
    of_thread: bool = False


JOBS: Final[Mapping[str, Job]] = {
    "triage": Job(
        "Triage the inbox",
        "Sort what is unread: what needs an answer, what can wait, what can go.",
        "Triage my inbox. List the unread conversations with list-conversations (labels INBOX, "
        "unread true), read those whose snippet is not enough with read-thread, and sort them: "
        "needs an answer from me, for my information, can be archived. Give one line each with "
        "who, what, and until when. Change nothing before I say so; then use modify-messages.",
    ),
    "draft-reply": Job(
        "Draft a reply in my voice",
        "Draft an answer to a conversation, in the tone of what the user sent before.",
        "Draft a reply to the conversation {thread_id}. Read it with read-thread. Then find what I "
        "wrote before to the same people with search-mail (labels SENT), read a few with "
        "read-messages, and take over my greeting, tone, length and language. Save it with "
        "create-draft, reply_to_message_id being its last message, and show me the text. Do not "
        "send it.",
        of_thread=True,
    ),
    "summarise-thread": Job(
        "Summarise a conversation",
        "What a conversation is about, what was decided, what is open.",
        "Summarise the conversation {thread_id}. Read it with read-thread, and its files with "
        "read-attachment where they matter. Say in five lines at most what it is about, what was "
        "decided and by whom, what is open, and what is asked of me until when.",
        of_thread=True,
    ),
}


def list_prompts() -> ListPromptsResult:
    """Return every prompt."""
    return ListPromptsResult(
        prompts=[
            Prompt(
                name=name,
                title=job.title,
                description=job.description,
                arguments=[_THREAD] if job.of_thread else [],
            )
            for name, job in JOBS.items()
        ]
    )


def prompt_of(name: str, given: Mapping[str, str]) -> GetPromptResult:
    """Return a prompt's words. Raises MCPError, code -32602, where it or its thread is unknown."""
    job = JOBS.get(name)
    if job is None:
        raise MCPError(INVALID_PARAMS, "No such prompt. prompts/list names them.")
    thread_id = given.get(THREAD, "")
    if job.of_thread and THREAD_ID.fullmatch(thread_id) is None:
        raise MCPError(INVALID_PARAMS, f"{THREAD} is the threadId of a conversation.")
    text = job.words.format(thread_id=thread_id)
    message = PromptMessage(role="user", content=TextContent(text=text))
    return GetPromptResult(description=job.description, messages=[message])


_THREAD: Final = PromptArgument(
    name=THREAD, description="The conversation's threadId.", required=True
)
