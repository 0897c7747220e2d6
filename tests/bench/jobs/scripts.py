"""The ten jobs as calls of each server's tools, ids known from the call before."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.bench.jobs.mailbox import ADA, GRACE, Facts

Calls = Sequence[tuple[str, Mapping[str, Any]]]
JOBS: Final = (
    "the last 25 in the inbox: who, what about",
    "find the mail about the contract and read it",
    "read a conversation of six",
    "mark the ten newest as read and archive them",
    "what does the attached list say",
    "an address by its name",
    "draft an answer",
    "send a mail",
    "label three invoices",
    "read ten mails for a digest",
)
ANSWER: Final = "Thank you, I will sign it tomorrow."
CONTRACT: Final = f"from:{GRACE} subject:contract"


def postroom(facts: Facts) -> list[Calls]:
    """Return the calls of Postroom's default set."""
    letter = {"to": GRACE, "subject": "Hello", "text": ANSWER, "idempotency_key": "letter-1"}
    answer = {"reply_to_message_id": facts.contract, "text": ANSWER, "idempotency_key": "draft-1"}
    archived = {"ids": facts.inbox[:10], "removeLabelIds": ["UNREAD", "INBOX"]}
    labelled = {"ids": facts.invoices, "addLabelIds": [facts.label]}
    return [
        [("search-mail", {"labels": ["INBOX"], "limit": 25})],
        [
            ("search-mail", {"from": GRACE, "subject": "contract"}),
            ("read-messages", {"ids": [facts.contract]}),
        ],
        [("search-mail", {"subject": "dinner"}), ("read-thread", {"id": facts.thread})],
        [
            ("search-mail", {"labels": ["INBOX"], "limit": 10}),
            ("modify-messages", {**archived, "idempotency_key": "archive-1"}),
        ],
        [
            ("search-mail", {"subject": "prices"}),
            ("read-messages", {"ids": [facts.prices]}),
            ("read-attachment", {"messageId": facts.prices, "partId": "1"}),
        ],
        [("find-contact", {"name": "Grace"})],
        [("search-mail", {"from": GRACE, "subject": "contract"}), ("create-draft", answer)],
        [("send-email", letter)],
        [
            ("search-mail", {"subject": "invoice", "from": GRACE}),
            ("list-labels", {}),
            ("modify-messages", {**labelled, "idempotency_key": "label-1"}),
        ],
        [("search-mail", {"limit": 10}), ("read-messages", {"ids": facts.inbox[:10]})],
    ]


def workspace(facts: Facts) -> list[Calls]:
    """Return the calls of workspace-mcp, its Gmail tools alone."""

    def search(query: str, size: int = 10) -> tuple[str, Mapping[str, Any]]:
        asked = {"query": query, "page_size": size, "include_headers": True}
        return "search_gmail_messages", {**asked, "user_google_email": ADA}

    def read(*ids: str) -> tuple[str, Mapping[str, Any]]:
        return "get_gmail_messages_content_batch", {"message_ids": ids, "user_google_email": ADA}

    def label(ids: Sequence[str], **changed: Any) -> tuple[str, Mapping[str, Any]]:
        given = {"message_ids": ids, "user_google_email": ADA, **changed}
        return "batch_modify_gmail_message_labels", given

    whose = {"user_google_email": ADA}
    file = {"message_id": facts.prices, "attachment_id": facts.attachment, **whose}
    answer = {"subject": "Re: The contract", "body": ANSWER, "to": GRACE, **whose}
    return [
        [search("in:inbox", 25)],
        [search(CONTRACT), read(facts.contract)],
        [
            search("subject:dinner"),
            ("get_gmail_thread_content", {"thread_id": facts.thread, **whose}),
        ],
        [search("in:inbox", 10), label(facts.inbox[:10], remove_label_ids=["UNREAD", "INBOX"])],
        [search("subject:prices"), read(facts.prices), ("get_gmail_attachment_content", file)],
        [search("from:Grace", 3)],
        [search(CONTRACT), ("draft_gmail_message", answer)],
        [("send_gmail_message", {"to": GRACE, "subject": "Hello", "body": ANSWER, **whose})],
        [
            search(f"from:{GRACE} subject:invoice"),
            ("list_gmail_labels", whose),
            label(facts.invoices, add_label_ids=[facts.label]),
        ],
        [search("", 10), read(*facts.inbox[:10])],
    ]


def gongrzhe(facts: Facts) -> list[Calls]:
    """Return the calls of server-gmail-autoauth-mcp, which reads one mail a call."""

    def search(query: str, most: int = 10) -> tuple[str, Mapping[str, Any]]:
        return "search_emails", {"query": query, "maxResults": most}

    def read(*ids: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [("read_email", {"messageId": id}) for id in ids]

    def label(ids: Sequence[str], **changed: Any) -> tuple[str, Mapping[str, Any]]:
        return "batch_modify_emails", {"messageIds": ids, **changed}

    file = {"messageId": facts.prices, "attachmentId": facts.attachment, "savePath": "."}
    answer = {"to": [GRACE], "subject": "Re: The contract", "body": ANSWER}
    return [
        [search("in:inbox", 25)],
        [search(CONTRACT), *read(facts.contract)],
        [search("subject:dinner"), *read(*facts.answers)],
        [search("in:inbox", 10), label(facts.inbox[:10], removeLabelIds=["UNREAD", "INBOX"])],
        [search("subject:prices"), *read(facts.prices), ("download_attachment", file)],
        [search("from:Grace", 3)],
        [search(CONTRACT), ("draft_email", answer)],
        [("send_email", {"to": [GRACE], "subject": "Hello", "body": ANSWER})],
        [
            search(f"from:{GRACE} subject:invoice"),
            ("list_email_labels", {}),
            label(facts.invoices, addLabelIds=[facts.label]),
        ],
        [search("in:anywhere", 10), *read(*facts.inbox[:10])],
    ]


SCRIPTS: Final[Mapping[str, Callable[[Facts], list[Calls]]]] = {
    "Postroom": postroom,
    "workspace-mcp 2.2.1": workspace,
    "server-gmail-autoauth-mcp 1.1.11": gongrzhe,
}
