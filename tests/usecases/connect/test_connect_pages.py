"""What every connect page promises: headers, no inline code, languages, and nothing leaked."""

import json
import re

import pytest

from shared.domain.google.refusals import CONSENT_ERRORS
from shared.edge.connect.page import STATUS
from shared.pages.language import LANGUAGES, TABLES, strings_for
from shared.usecases.connect.consent.outcomes import FINAL
from tests.harness.connecting import ADA, PRODUCT, PUBLIC, ConnectHarness, follow, press

WORD = re.compile(r"\{(\w+)\}")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\son\w+=|\sstyle=")


def table(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((TABLES / f"{language}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_words(language: str) -> None:
    english, other = table("en"), table(language)
    assert other.keys() == english.keys()
    for key, text in english.items():
        assert set(WORD.findall(other[key])) == set(WORD.findall(text)), key


@pytest.mark.parametrize("code", sorted({*STATUS, *CONSENT_ERRORS, *FINAL}))
def test_every_code_has_a_page(code: str) -> None:
    texts = table("en")
    assert texts[f"error.{code}.title"]
    assert texts[f"error.{code}.text"]


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        (None, None, "en"),
        ("de", "fr", "de"),
        ("de-AT", None, "de"),
        ("xx", "fr-CH;q=0.9, de;q=0.95", "de"),
        (None, "xx, fr;q=0.2", "fr"),
        ("../../etc/passwd", ";;;q=,", "en"),
    ],
)
def test_the_reader_gets_the_language_asked_or_preferred(
    asked: str | None, accepted: str | None, language: str
) -> None:
    assert strings_for(asked, accepted, product="Acme").language == language


async def test_the_frame_is_open_to_the_product_and_nobody_else(harness: ConnectHarness) -> None:
    page = await harness.browser().get("/connect-ui/?apiURL=https://elsewhere.example&lang=en")
    policy = page.headers["content-security-policy"]
    assert f"frame-ancestors {PRODUCT}" in policy
    assert "default-src 'none'" in policy
    assert "elsewhere.example" not in page.text


@pytest.mark.parametrize(
    ("parent", "status"),
    [
        (PRODUCT, 200),
        ("https://shop.example", 403),
        ("https://shop.example:8443", 403),
        ("https://shop.example;script-src *", 200),
        ("", 200),
    ],
)
async def test_a_page_that_is_not_configured_is_named_in_its_own_frame(
    harness: ConnectHarness, parent: str, status: int
) -> None:
    headers = {"Sec-Fetch-Dest": "iframe", "Referer": f"{parent}/"}
    page = await harness.browser().get("/connect-ui/", headers=headers)
    assert page.status_code == status
    ancestors = page.headers["content-security-policy"].partition("frame-ancestors ")[2]
    assert ancestors == (PRODUCT if status == 200 else parent)
    assert (f"{parent} is not among" in page.text) is (status == 403)
    assert ("frame.js" in page.text) is (status == 200)


async def test_pages_that_handle_tokens_are_never_framed_kept_or_referred_to(
    harness: ConnectHarness,
) -> None:
    opened = await harness.session(tags={"end_user_id": "ada"})
    browser = harness.browser()
    link = await browser.get(opened["connect_link"])
    await harness.will_approve(ADA)
    question = await follow(browser, opened["connect_link"])
    done = await press(browser, question, 0)
    for page in (link, question, done):
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert not INLINE.search(page.text)


async def test_the_frame_has_no_inline_code(harness: ConnectHarness) -> None:
    page = await harness.browser().get("/connect-ui/")
    assert not INLINE.search(page.text)
    assert "unsafe-inline" not in page.headers["content-security-policy"]


async def test_files_of_the_page_are_kept_and_others_are_not_there(harness: ConnectHarness) -> None:
    page = await harness.browser().get("/connect-ui/")
    for address in re.findall(r'"(/connect-ui/static/[^"]+)"', page.text):
        file = await harness.browser().get(address)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
    for name in ("missing.js", "..%2Frender.py", "%2e%2e%2frender.py"):
        assert (await harness.browser().get(f"/connect-ui/static/{name}")).status_code == 404


async def test_names_from_the_product_are_text_not_markup(harness: ConnectHarness) -> None:
    opened = await harness.session(
        tags={"end_user_id": "x", "end_user_display_name": "<img src=x onerror=alert(1)>"}
    )
    page = await harness.browser().get(opened["connect_link"])
    assert "<img" not in page.text
    assert "&lt;img" in page.text


async def test_the_cookie_binds_top_level_only_and_is_taken_away(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_deny(ADA)
    browser = harness.browser()
    browser.follow_redirects = False
    started = await browser.get(f"{PUBLIC}/oauth/start?session_token={opened['token']}")
    cookie = started.headers["set-cookie"]
    assert cookie.startswith("postroom-")
    for attribute in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=900"):
        assert attribute in cookie
    assert "Secure" not in cookie
    assert len(browser.cookies) == 1
    browser.follow_redirects = True
    await browser.get(started.headers["location"])
    assert len(browser.cookies) == 0


async def test_no_token_or_state_is_logged(
    harness: ConnectHarness, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    await follow(harness.browser(), opened["connect_link"])
    logged = capsys.readouterr().out + caplog.text
    assert opened["token"] not in logged
    assert ADA not in logged


INSTAGRAM = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Mobile/15E148 Instagram 334.0.4.32.98 (iPhone15,3; iOS 17_5; en_GB; scale=3.00)"
)
FACEBOOK = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/464.0.0.41.108;FBDV/iPhone15,3;FBLC/en_GB]"
)
WEBVIEW = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A.240505.004; wv) AppleWebKit/537.36 (KHTML,"
    " like Gecko) Version/4.0 Chrome/125.0.0.0 Mobile Safari/537.36"
)
CHROME = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/125.0.0.0 Mobile Safari/537.36"
)


@pytest.mark.parametrize("agent", [INSTAGRAM, FACEBOOK, WEBVIEW])
async def test_inside_another_app_the_page_says_to_open_it_in_a_browser(
    harness: ConnectHarness, agent: str
) -> None:
    opened = await harness.session_for(ADA)
    browser = harness.browser()
    browser.headers["User-Agent"] = agent
    page = await browser.get(opened["connect_link"])
    assert "Open this page in your browser" in page.text
    assert f'value="{opened["connect_link"]}"' in page.text
    assert "/oauth/start" not in page.text
    assert '"in_app": true' in (await browser.get("/connect-ui/")).text
    browser.headers["User-Agent"] = CHROME
    assert "/oauth/start" in (await browser.get(opened["connect_link"])).text
    assert '"in_app": false' in (await browser.get("/connect-ui/")).text
