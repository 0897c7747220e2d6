"""The method table: every method of Gmail's discovery document, with price and scopes."""

from typing import Final

from infra.local.google.gmail import (
    attachments,
    drafts,
    history,
    labels,
    messages,
    threads,
    users,
)
from infra.local.google.gmail.call import Answer, Call, Media, Method, Query, Watches
from infra.local.google.gmail.declaring import (
    CHANGE,
    CHANGE_LABELS,
    COMPOSE,
    DESTROY,
    LISTING,
    PUT,
    READ,
    READ_BODIES,
    READ_LABELS,
    READ_ONE,
    READ_SHOWN,
    READING,
    SEND,
    WRITE_DRAFTS,
    method,
)
from infra.local.google.gmail.errors import GmailError
from infra.local.google.gmail.settings.table import SETTINGS

__all__ = [
    "METHODS",
    "Answer",
    "Call",
    "GmailError",
    "Media",
    "Method",
    "Query",
    "Watches",
]

MESSAGES: Final = (
    method("messages.list", "GET messages", 5, READ, messages.list_, LISTING),
    method("messages.get", "GET messages/{id}", 20, READ_ONE, messages.get, READING),
    method("messages.send", "POST messages/send", 100, SEND, messages.send_, upload=True),
    method(
        "messages.insert",
        "POST messages",
        25,
        PUT,
        messages.insert,
        "deleted internalDateSource",
        upload=True,
    ),
    method(
        "messages.import",
        "POST messages/import",
        25,
        PUT,
        messages.import_,
        "deleted internalDateSource neverMarkSpam processForCalendar",
        upload=True,
    ),
    method("messages.batchModify", "POST messages/batchModify", 50, CHANGE, messages.batch_modify),
    method("messages.batchDelete", "POST messages/batchDelete", 50, DESTROY, messages.batch_delete),
    method("messages.modify", "POST messages/{id}/modify", 5, CHANGE, messages.modify),
    method("messages.trash", "POST messages/{id}/trash", 20, CHANGE, messages.trash),
    method("messages.untrash", "POST messages/{id}/untrash", 5, CHANGE, messages.untrash),
    method("messages.delete", "DELETE messages/{id}", 10, DESTROY, messages.delete),
    method(
        "messages.attachments.get",
        "GET messages/{messageId}/attachments/{id}",
        20,
        READ_BODIES | READ_SHOWN,
        attachments.get,
    ),
)

THREADS: Final = (
    method("threads.list", "GET threads", 10, READ, threads.list_, LISTING),
    method("threads.get", "GET threads/{id}", 40, READ_ONE, threads.get, READING),
    method("threads.modify", "POST threads/{id}/modify", 10, CHANGE, threads.modify),
    method("threads.trash", "POST threads/{id}/trash", 20, CHANGE, threads.trash),
    method("threads.untrash", "POST threads/{id}/untrash", 10, CHANGE, threads.untrash),
    method("threads.delete", "DELETE threads/{id}", 20, DESTROY, threads.delete),
)

DRAFTS: Final = (
    method(
        "drafts.list",
        "GET drafts",
        5,
        READ_BODIES | {COMPOSE},
        drafts.list_,
        "includeSpamTrash maxResults pageToken q",
    ),
    method("drafts.get", "GET drafts/{id}", 20, READ_BODIES | {COMPOSE}, drafts.get, "format"),
    method("drafts.create", "POST drafts", 10, WRITE_DRAFTS, drafts.create, upload=True),
    method("drafts.send", "POST drafts/send", 100, WRITE_DRAFTS, drafts.send, upload=True),
    method("drafts.update", "PUT drafts/{id}", 15, WRITE_DRAFTS, drafts.update, upload=True),
    method("drafts.delete", "DELETE drafts/{id}", 10, WRITE_DRAFTS, drafts.delete),
)

LABEL_METHODS: Final = (
    method("labels.list", "GET labels", 1, READ_LABELS, labels.list_),
    method("labels.get", "GET labels/{id}", 1, READ_LABELS, labels.get),
    method("labels.create", "POST labels", 5, CHANGE_LABELS, labels.create),
    method("labels.update", "PUT labels/{id}", 5, CHANGE_LABELS, labels.update),
    method("labels.patch", "PATCH labels/{id}", 5, CHANGE_LABELS, labels.patch),
    method("labels.delete", "DELETE labels/{id}", 5, CHANGE_LABELS, labels.delete),
)


METHODS: Final[tuple[Method, ...]] = (
    method("getProfile", "GET profile", 1, READ | {COMPOSE}, users.get_profile),
    method("watch", "POST watch", 100, READ, users.watch),
    method("stop", "POST stop", 50, READ, users.stop),
    method(
        "history.list",
        "GET history",
        2,
        READ,
        history.list_,
        "historyTypes labelId maxResults pageToken startHistoryId",
    ),
    *MESSAGES,
    *THREADS,
    *DRAFTS,
    *LABEL_METHODS,
    *SETTINGS,
)
"""All of them; for a path that several match, the one without a parameter there goes first."""
