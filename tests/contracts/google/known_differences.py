"""In what the emulated Google still differs from recorded answers: by recording, with a reason."""

from typing import Final

DIFFERENCES: Final[dict[str, dict[str, str]]] = {
    "gmail.list-forwarding-addresses": dict.fromkeys(
        ("status: 204 recorded, 200 here", ": nothing recorded, object here"),
        "2026-11-28: the recording's proxy answers 204 by itself for an empty body, and it may "
        "have been `{}`, as every other list without entries is",
    ),
}
NOT_GMAIL: Final = {
    "cloudrun.paths": "2026-11-28: Cloud Run's edge, which nothing here emulates",
    "scheduler.job": "2026-11-28: a Cloud Scheduler job as gcloud shows it, no answer to a call",
    "tasks.dispatch": "2026-11-28: a request that Cloud Tasks makes, not one that Gmail answers",
}
UNPROVOKED: Final = {
    "error.400-mail-off": "2026-11-28: in Gmail's envelope of 2017, which it has no more; no "
    "account without a mailbox can be signed in here yet",
    "error.400-precondition": "2026-11-28: comes and goes at Gmail; no fault scripts it yet, and "
    "only its text is known",
}
