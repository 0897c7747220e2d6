"""The rules of a policy, by which its refusals are told apart."""

from enum import StrEnum


class Rule(StrEnum):
    """Which part of a policy a refusal comes from."""

    READ_ONLY = "read_only"
    DRAFT_ONLY = "draft_only"
    ALLOWED_DOMAINS = "allowed_domains"
    DAILY_SENDS = "daily_sends"
    NO_BCC = "no_bcc"
    APPROVAL_REQUIRED = "approval_required"
    UNKNOWN = "untold"
    ROUTE = "route"
