"""What gcloud cannot tell of the consent screen and the OAuth client: a person has to look.

Google offers no API for either. Once the deployment is up, `make doctor` asks Google's own consent
page what it can.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from infra.preflight.context import Preflight, Question

CALLBACK: Final = "/oauth/callback"
CONSOLE_CALLBACK: Final = "/console/sign-in/answer"


@dataclass(frozen=True, slots=True)
class _Screen:
    name: str
    page: str
    asked: Callable[[Preflight], str]
    fix: Callable[[Preflight], str]


def _redirects(preflight: Preflight) -> Sequence[str]:
    operators = preflight.variables["console_operators"] or preflight.variables["console_viewers"]
    host = f"https://{preflight.variables['domain']}"
    return [host + CALLBACK, *([host + CONSOLE_CALLBACK] if operators else [])]


def _redirects_asked(preflight: Preflight) -> str:
    if not preflight.balanced:
        return (
            'page *Clients*, "Authorized redirect URIs": will you add what `terraform output '
            "redirect_uri` says, once it is known?"
        )
    return (
        f'page *Clients*, the client {preflight.variables["oauth_client_id"]}: does "Authorized '
        f'redirect URIs" list exactly {" and ".join(_redirects(preflight))}?'
    )


PUBLISHED: Final = {
    "production": 'does "Publishing status" say *In production*, and "User type" *External*?',
    "internal": 'does "User type" say *Internal*?',
    "testing": (
        'does "Publishing status" say *Testing*, and does "Test users" list all who will connect? '
        "Every grant then dies after seven days"
    ),
}
PUBLISH: Final = {
    "production": '"Publish app"; or say publishing = "testing" or "internal"',
    "internal": '"Make internal"; or say publishing = "production"',
    "testing": '"Add users"; or "Publish app" and say publishing = "production"',
}
SCREENS: Final = (
    _Screen(
        "branding",
        "auth/branding",
        lambda one: (
            'page *Branding*: are "App name", "User support email", "Developer contact '
            f'information" filled in{_domain_question(one)}?'
        ),
        lambda _: "Fill them in",
    ),
    _Screen(
        "publishing status",
        "auth/audience",
        lambda one: f"page *Audience*: {PUBLISHED[one.variables['publishing']]}",
        lambda one: PUBLISH[one.variables["publishing"]],
    ),
    _Screen(
        "scopes",
        "auth/scopes",
        lambda _: (
            "page *Data Access*: does it list openid, .../auth/userinfo.email and the Gmail scope "
            "of the preset you offer?"
        ),
        lambda _: '"Add or remove scopes": add them',
    ),
    _Screen(
        "redirect URIs",
        "auth/clients",
        _redirects_asked,
        lambda one: f'"Add URI", to the letter: {" and ".join(_redirects(one))}; *Save*',
    ),
)


def _domain_question(preflight: Preflight) -> str:
    if not preflight.balanced:
        return ""
    domain = ".".join(str(preflight.variables["domain"]).split(".")[-2:])
    return f', and does "Authorized domains" list {domain} or its parent'


def questions(preflight: Preflight) -> Iterator[Question]:
    """Return what the person is asked about this environment."""
    for one in SCREENS:
        page = preflight.console(one.page)
        yield Question(one.name, one.asked(preflight), page, one.fix(preflight))
