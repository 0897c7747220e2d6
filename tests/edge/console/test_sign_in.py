"""Who gets in: the key's holder, and whom Google names and the settings list; nobody else."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from infra.local.google.app import create_app
from infra.local.google.settings import GoogleSettings
from shared.adapters.system_clock import AdjustableClock
from shared.domain.ids import GoogleSub
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.console import ConsoleOptions, Role
from shared.edge.settings.deployment import settings_from
from shared.edge.table import console_routes
from shared.edge.web.callers.api_key_cache import FAILURES_A_MINUTE
from shared.edge.web.logs import LOG, JsonLines
from shared.errors import ConfigurationError
from shared.ports.clock import Clock
from shared.ports.google.oauth import Identity
from tests.edge.conftest import ClientOf
from tests.edge.console.people import (
    CONSOLE,
    DOMAIN,
    OPERATOR,
    OPERATOR_KEY,
    ORIGIN,
    VIEWER,
    an_operator,
    words,
)
from tests.harness.clock import StillClock

GOOGLE = "http://127.0.0.1:8085"
HOSTED, STRANGER = f"hugo@{DOMAIN}", "mallory@else.example"


@pytest.fixture
def clock(container: AutowiredContainer) -> AdjustableClock:
    return container.bind(Clock, StillClock())


@pytest.fixture
async def google(
    container: AutowiredContainer, clock: AdjustableClock
) -> AsyncIterator[httpx.AsyncClient]:
    """Return the emulated Google, which the deployment reaches, too."""
    app = create_app(GoogleSettings(push_endpoint=None))
    container.bind(httpx.AsyncClient, httpx.AsyncClient(transport=httpx.ASGITransport(app)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=GOOGLE) as client:
        for email in (OPERATOR, VIEWER, HOSTED, STRANGER):
            await client.post("/_control/mailboxes", json={"email": email})
        yield client
    await container.use(httpx.AsyncClient).aclose()


@pytest.fixture
def browser(client_of: ClientOf) -> httpx.AsyncClient:
    client = client_of(console_routes())
    del client.headers["Authorization"]
    return client


async def give_key(browser: httpx.AsyncClient, key: str, **more: str) -> httpx.Response:
    return await browser.post(
        "/console/sign-in", data={"key": key, **more}, headers={"Origin": ORIGIN}
    )


async def answered(
    browser: httpx.AsyncClient, google: httpx.AsyncClient, email: str, way: str = ""
) -> str:
    """Go to Google and consent; answer the address that Google sends the browser to."""
    await google.post("/_control/consent", json={"email": email, "decision": "approve"})
    start = await browser.get("/console/sign-in/google", params={"next": way})
    assert start.status_code == 303
    answer = await google.get(start.headers["location"])
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def test_the_operator_key_opens_the_console(browser: httpx.AsyncClient) -> None:
    answer = await give_key(browser, f" {OPERATOR_KEY} ", next="/console/operations?type=sync")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/operations?type=sync",
    )
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = await browser.get("/console/connections")
    assert (page.status_code, "Operator" in words(page)) == (200, True)


async def test_over_tls_the_cookie_is_the_hosts_own(
    environ: Mapping[str, str], container: AutowiredContainer, browser: httpx.AsyncClient
) -> None:
    public = "https://mail.example.com"
    container.settings = settings_from({**environ, "POSTROOM_PUBLIC_URL": public})
    answer = await browser.post(
        "/console/sign-in", data={"key": OPERATOR_KEY}, headers={"Origin": public}
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-postroom-console=")
    assert "Secure" in cookie
    assert "Path=/;" in cookie


@pytest.mark.parametrize("key", ["", "wrong", "postroom-local-key", "ab" * 32])
async def test_any_other_key_opens_nothing(browser: httpx.AsyncClient, key: str) -> None:
    answer = await give_key(browser, key)
    assert (answer.status_code, "opens nothing" in words(answer)) == (401, True)
    assert "postroom-console=" not in answer.headers.get("set-cookie", "")


async def test_guesses_are_slowed_by_address_and_the_right_key_with_them(
    browser: httpx.AsyncClient, clock: AdjustableClock
) -> None:
    for _ in range(FAILURES_A_MINUTE):
        assert (await give_key(browser, "wrong")).status_code == 401
    assert (await give_key(browser, "wrong")).status_code == 429
    assert (await give_key(browser, OPERATOR_KEY)).status_code == 429
    clock.advance(timedelta(minutes=1))
    assert (await give_key(browser, OPERATOR_KEY)).status_code == 303


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
async def test_a_foreign_page_signs_nobody_in(
    browser: httpx.AsyncClient, origin: str | None
) -> None:
    """Who is signed in as somebody else without knowing works in a stranger's name."""
    answer = await browser.post(
        "/console/sign-in",
        data={"key": OPERATOR_KEY},
        headers={} if origin is None else {"Origin": origin},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "way",
    [
        "https://evil.example",
        "//evil.example",
        "/console/../oauth/start",
        "/console//evil.example",
        "/console/sign-in",
        "/connect-ui",
        "/console\\evil",
        "/console/x\r\nSet-Cookie: a=b",
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(
    browser: httpx.AsyncClient, way: str
) -> None:
    answer = await give_key(browser, OPERATOR_KEY, next=way)
    assert answer.headers["location"] == "/console/connections"


@pytest.mark.parametrize(
    ("email", "role"), [(OPERATOR, "Operator"), (VIEWER, "Read-only"), (HOSTED, "Read-only")]
)
async def test_whom_the_settings_list_google_lets_in(
    browser: httpx.AsyncClient, google: httpx.AsyncClient, email: str, role: str
) -> None:
    back = await answered(browser, google, email, "/console/operations")
    answer = await browser.get(back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/operations")
    said = words(await browser.get("/console/connections"))
    assert email in said
    assert role in said


async def test_a_stranger_is_named_and_turned_away(
    browser: httpx.AsyncClient, google: httpx.AsyncClient
) -> None:
    answer = await browser.get(await answered(browser, google, STRANGER))
    assert (answer.status_code, "not open to that account" in words(answer)) == (403, True)
    assert (await browser.get("/console/connections")).status_code == 303


async def test_google_is_asked_for_identity_alone_and_with_proof(
    browser: httpx.AsyncClient, google: httpx.AsyncClient
) -> None:
    start = await browser.get("/console/sign-in/google")
    asked = {k: v[0] for k, v in parse_qs(urlsplit(start.headers["location"]).query).items()}
    assert asked["scope"] == "openid email"
    assert asked["access_type"] == "online"
    assert asked["redirect_uri"] == f"{ORIGIN}/console/sign-in/answer"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert len(asked["nonce"]) >= 43
    assert len(asked["state"]) >= 43


async def test_an_answer_counts_only_in_the_browser_that_asked_and_once(
    browser: httpx.AsyncClient, google: httpx.AsyncClient, client_of: ClientOf
) -> None:
    """A stranger's finished sign-in, a repeated one, a made-up state: none lets anybody in."""
    back = await answered(browser, google, OPERATOR)
    victim = client_of(console_routes())
    assert (await victim.get(back)).status_code == 403
    assert (await browser.get(back.replace("state=", "state=x"))).status_code == 403
    back = await answered(browser, google, OPERATOR)
    flow = browser.cookies.get("postroom-console-flow")
    assert (await browser.get(back)).status_code == 303
    browser.cookies.clear()
    again = await browser.get(back, headers={"Cookie": f"postroom-console-flow={flow}"})
    assert again.status_code == 403


async def test_a_sign_in_that_took_too_long_is_over(
    browser: httpx.AsyncClient, google: httpx.AsyncClient, clock: AdjustableClock
) -> None:
    back = await answered(browser, google, OPERATOR)
    clock.advance(timedelta(minutes=11))
    assert (await browser.get(back)).status_code == 403


async def test_a_denial_and_a_foreign_issuer_end_the_sign_in(
    browser: httpx.AsyncClient, google: httpx.AsyncClient
) -> None:
    back = await answered(browser, google, OPERATOR)
    foreign = httpx.URL(back).copy_merge_params({"iss": "https://evil.example"})
    assert (await browser.get(str(foreign))).status_code == 403
    start = await browser.get("/console/sign-in/google")
    state = parse_qs(urlsplit(start.headers["location"]).query)["state"][0]
    denied = {"state": state, "error": "access_denied"}
    assert (await browser.get("/console/sign-in/answer", params=denied)).status_code == 403


async def test_signing_out_takes_the_session_away_and_no_foreign_page_can_do_it(
    browser: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    operator = await an_operator(browser, container)
    forged = await browser.post("/console/sign-out", headers={"Origin": "https://evil.example"})
    assert forged.status_code == 403
    gone = await operator.post("/console/sign-out")
    assert (gone.status_code, gone.headers["location"]) == (303, "/console/sign-in")
    assert 'postroom-console=""' in gone.headers["set-cookie"]


async def test_no_log_line_holds_a_key_a_code_a_cookie_or_an_address(
    browser: httpx.AsyncClient, google: httpx.AsyncClient
) -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLines().format(record))

    kept = Kept()
    LOG.addHandler(kept)
    try:
        await give_key(browser, "a-wrong-guess")
        await give_key(browser, OPERATOR_KEY)
        back = await answered(browser, google, STRANGER)
        await browser.get(back)
        await browser.get("/console/connections/x/explain?message=subject:secret-words")
    finally:
        LOG.removeHandler(kept)
    code = parse_qs(urlsplit(back).query)["code"][0]
    cookie = browser.cookies["postroom-console"]
    assert len(lines) >= 5
    for secret in ("a-wrong-guess", OPERATOR_KEY, STRANGER, code, cookie, "secret-words"):
        assert not [line for line in lines if secret in line]


def person(email: str, hosted: str | None = None, *, verified: bool = True) -> Identity:
    return Identity(GoogleSub("1"), email, verified, hosted)


def test_a_domain_counts_by_googles_word_and_an_address_only_verified() -> None:
    options = ConsoleOptions(
        operators=frozenset({"olga@ops.example", "@hosted.example"}),
        viewers=frozenset({"vera@view.example"}),
    )
    assert options.role_of(person("Olga@Ops.Example")) is Role.OPERATOR
    assert options.role_of(person("h@hosted.example", "Hosted.example")) is Role.OPERATOR
    assert options.role_of(person("vera@view.example")) is Role.VIEWER
    assert options.role_of(person("h@hosted.example")) is None
    assert options.role_of(person("h@evil.example", "hosted.example")) is None
    assert options.role_of(person("h@hosted.example", "evil.example")) is None
    assert options.role_of(person("olga@ops.example", verified=False)) is None


async def test_without_settings_nobody_gets_in_and_the_page_says_so(
    environ: Mapping[str, str], container: AutowiredContainer, browser: httpx.AsyncClient
) -> None:
    bare = {name: value for name, value in environ.items() if name not in CONSOLE}
    container.settings = settings_from(bare)
    assert "Nobody may sign in yet" in words(await browser.get("/console/sign-in"))
    assert (await give_key(browser, "")).status_code == 401
    assert (await browser.get("/console/sign-in/google")).status_code == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONSOLE_KEYS", "the-key-itself"),
        ("CONSOLE_OPERATORS", "everybody"),
        ("CONSOLE_VIEWERS", "a@b@c.example"),
        ("CONSOLE_URL", "http://console.example"),
        ("CONSOLE_URL", "https://console.example/console"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    environ: Mapping[str, str], name: str, value: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"POSTROOM_{name}"):
        settings_from({**environ, f"POSTROOM_{name}": value})


def test_neither_keys_nor_people_are_shown_by_accident(environ: Mapping[str, str]) -> None:
    settings = settings_from(environ)
    assert CONSOLE["POSTROOM_CONSOLE_KEYS"] not in repr(replace(settings))
    assert CONSOLE["POSTROOM_CONSOLE_KEYS"] not in repr(settings.console)
