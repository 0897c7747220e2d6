"""In what the emulated Google still differs from recorded answers: by recording, with a reason."""

from typing import Final

OLD_ENVELOPE: Final = (
    "2026-11-28: quoted in Gmail's envelope of 2017, which none of its newer answers has: they "
    "tell code, message, errors, status in this order"
)
DIFFERENCES: Final[dict[str, dict[str, str]]] = {
    "gmail.list-forwarding-addresses": dict.fromkeys(
        ("status: 204 recorded, 200 here", ": nothing recorded, object here"),
        "2026-11-28: the recording's proxy answers 204 by itself for an empty body, and it may "
        "have been `{}`, as every other list without entries is",
    ),
    "error.400-mail-off": dict.fromkeys(
        (
            ".error.status: not recorded",
            ".error: fields in another order",
            ".error.errors[0]: fields in another order",
        ),
        OLD_ENVELOPE,
    ),
    "error.400-precondition": dict.fromkeys(
        (
            ".error.status: not recorded",
            ".error.message: not recorded",
            ".error: fields in another order",
            ".error.errors[0]: fields in another order",
        ),
        OLD_ENVELOPE,
    ),
}
NOT_GMAIL: Final = {
    "cloudrun.paths": "2026-11-28: Cloud Run's edge, which nothing here emulates",
    "scheduler.job": "2026-11-28: a Cloud Scheduler job as gcloud shows it, no answer to a call",
    "tasks.dispatch": "2026-11-28: a request that Cloud Tasks makes, not one that Gmail answers",
}
