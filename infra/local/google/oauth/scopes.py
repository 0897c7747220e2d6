"""The scopes of Gmail and of signing in: names, wording, and how Google spells them back."""

from collections.abc import Iterable

_API = "https://www.googleapis.com/auth/"
EMAIL = _API + "userinfo.email"
PROFILE = _API + "userinfo.profile"
SIGN_IN = frozenset({"openid", EMAIL, PROFILE})

GMAIL = {
    "https://mail.google.com/": "Read, compose, send and permanently delete all your mail",
    _API + "gmail.modify": "Read, compose and send mail from your account",
    _API + "gmail.readonly": "View your messages and settings",
    _API + "gmail.metadata": "View your message metadata such as labels and headers",
    _API + "gmail.compose": "Manage drafts and send mail",
    _API + "gmail.send": "Send mail on your behalf",
    _API + "gmail.insert": "Add messages to your mailbox",
    _API + "gmail.labels": "See and edit your labels",
    _API + "gmail.settings.basic": "See, edit or change your mail settings and filters",
    _API + "gmail.settings.sharing": "Manage your sensitive mail settings",
    _API + "contacts.readonly": "See and download your contacts",
}
_SHORT = {"email": EMAIL, "profile": PROFILE, "https://mail.google.com": "https://mail.google.com/"}


def spelled_out(names: Iterable[str]) -> list[str]:
    """Return scopes as Google reports them: `email` becomes userinfo.email, twins vanish.

    `gmail.send` and the like are accepted for their full addresses, which only the control
    API makes use of.
    """
    return list(dict.fromkeys(_full_name(name) for name in names))


def unknown_scopes(names: Iterable[str]) -> list[str]:
    """Return the scopes this Google cannot grant, as they were asked for."""
    return [name for name in names if _SHORT.get(name, name) not in SIGN_IN | GMAIL.keys()]


def _full_name(name: str) -> str:
    return _API + name if name.startswith("gmail.") else _SHORT.get(name, name)
