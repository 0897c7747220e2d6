"""Own code reaches the hosts and secrets its row names, and tells of neither."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.sinks.outside import MOST_BYTES, AiohttpOutside
from shared.domain.events.addresses import AllowedHosts
from shared.ports.google.apis import GoogleApis
from shared.ports.outside import OutsideHttp
from shared.usecases.own_code.reach import OwnHttp
from tests.actions.llm_action import source
from tests.actions.own_modules import own_modules, put
from tests.adapters.listener import Listener, listening
from tests.harness.acting import ActionHarness
from tests.harness.samples import CONNECTION

CANARY = "canary-8d1f"


def answer(status: str, body: str = "", **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


@pytest.fixture
async def model() -> AsyncIterator[Listener]:
    """Serve a model's API on the loopback."""
    async with listening(Listener(answer("200 OK", '{"text": "Hello."}'))) as listener:
        yield listener


@pytest.fixture
def custom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Listener, harness: ActionHarness
) -> Iterator[str]:
    """Serve the action, whose host an operator allows; return the host."""
    host = f"127.0.0.1:{model.port}"
    folder = tmp_path / "custom"
    folder.mkdir()
    monkeypatch.setenv("LLM_KEY", CANARY)
    outside = AiohttpOutside(AllowedHosts(frozenset({host})))
    harness.container.bind(OutsideHttp, outside)
    harness.container.at_close(outside.aclose)
    with own_modules(folder, monkeypatch) as opened:
        put(opened, ask_model=source(host))
        yield host


async def test_a_named_host_is_asked_with_a_declared_secret(
    harness: ActionHarness, custom: str, model: Listener
) -> None:
    said = await harness.ran("ask-model", {"url": f"http://{custom}/v1/chat?x=1"})
    assert said == {"text": "Hello."}
    (request,) = model.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat?x=1 ")
    assert f"authorization: Bearer {CANARY}".encode() in head
    assert body == b'{"prompt":"Hello"}'


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/v1",
        "https://metadata.internal.example@other.example/",
        "http://metadata.google.internal/",
        "http://[::1]/",
        "//other.example/",
        "not an address",
        "https://other.example\\@metadata.internal.example/",
        "https://[broken/",
    ],
)
async def test_no_other_host_is_asked(
    harness: ActionHarness, custom: str, model: Listener, url: str
) -> None:
    status, error = await harness.refused("ask-model", {"url": url})
    assert (status, error["code"]) == (400, "host_not_named")
    assert model.requests == []


async def test_a_named_host_on_a_private_network_is_refused(
    harness: ActionHarness, custom: str
) -> None:
    async def lookup(_host: str, _port: int) -> list[str]:
        return ["203.0.113.7", "10.0.0.7"]

    outside = AiohttpOutside(AllowedHosts(), lookup=lookup)
    harness.container.bind(OutsideHttp, outside)
    harness.container.at_close(outside.aclose)
    for scheme in ("https", "http"):
        given = {"url": f"{scheme}://metadata.internal.example/"}
        status, error = await harness.refused("ask-model", given)
        assert (status, error["code"]) == (424, "http_refused")
        assert "address_refused" in error["message"]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (answer("302 Found", Location="http://127.0.0.1/"), 424, "http_refused"),
        (answer("401 Unauthorized", f'{{"error": "{CANARY}"}}'), 424, "http_refused"),
        (answer("429 Too Many", Retry_After="7"), 429, "rate_limited"),
        (
            answer("429 Too Many", Retry_After=f"Sun, 22 Nov 2026 12:00 +{'9' * 20}"),
            429,
            "rate_limited",
        ),
        (answer("503 Busy", CANARY), 424, "outside_unavailable"),
        (answer("200 OK", "<html>"), 424, "http_refused"),
        (b"", 424, "outside_unavailable"),
    ],
    ids=[
        "redirect",
        "refusal",
        "throttled",
        "throttled until nonsense",
        "trouble",
        "no json",
        "hung up",
    ],
)
async def test_what_the_host_refuses_is_told_without_its_words_and_asked_once(
    harness: ActionHarness, custom: str, model: Listener, said: bytes, status: int, code: str
) -> None:
    model.answer = said
    found, error = await harness.refused("ask-model", {"url": f"http://{custom}/v1"})
    assert (found, error["code"]) == (status, code)
    assert CANARY not in str(error)
    assert len(model.requests) == 1


async def test_an_answer_without_end_is_cut(
    harness: ActionHarness, custom: str, model: Listener
) -> None:
    model.answer = answer("200 OK", "x" * (MOST_BYTES + 1))
    _, error = await harness.refused("ask-model", {"url": f"http://{custom}/v1"})
    assert "answer_too_large" in error["message"]


@pytest.mark.parametrize(
    ("name", "told"), [("OTHER_KEY", "does not declare"), ("UNSET_KEY", "has no value here")]
)
async def test_a_secret_that_is_not_there_is_a_clear_error(
    harness: ActionHarness, custom: str, model: Listener, name: str, told: str
) -> None:
    given = {"url": f"http://{custom}/v1", "secret": name}
    status, error = await harness.refused("ask-model", given)
    assert (status, error["code"]) == (424, "secret_unavailable")
    assert told in error["message"]
    assert model.requests == []


async def test_a_secret_is_in_no_log_no_error_and_no_operation(
    harness: ActionHarness,
    custom: str,
    model: Listener,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked: Any = {"url": f"http://{custom}/v1"}
    told = [(await harness.run("ask-model", asked)).text]
    for model.answer in (answer("500 Oops", CANARY), b"", answer("200 OK", f'{{"a": "{CANARY}"}}')):
        told.append((await harness.run("ask-model", asked)).text)
    told.append((await harness.api.get("/operations")).text)
    told.append((await harness.api.get("/scripts/config")).text)
    captured = capsys.readouterr()
    assert "action_crashed" in told[3]
    assert CANARY not in "".join([*told, captured.out, captured.err, caplog.text])


async def test_the_token_goes_to_google_and_only_where_no_headers_are_given(
    harness: ActionHarness,
) -> None:
    asked: list[str] = []

    class Google:
        async def request(
            self, connection_id: Any, method: str, url: str, *, query: Any, body: Any = None
        ) -> Any:
            asked.append(url)
            return {"from": "google"}

    class Outside:
        async def __call__(self, request: Any) -> Any:
            raise AssertionError(request.host)

    hosts = ("people.googleapis.com", "googleapis.com.far.example")
    google: GoogleApis = Google()
    http = OwnHttp("own", hosts, CONNECTION, google, Outside())
    people = "https://people.googleapis.com/v1/people"
    assert await http.get(people) == {"from": "google"}
    for url, headers in ((people, {"x-goog-api-key": "k"}), (f"https://{hosts[1]}/", None)):
        with pytest.raises(AssertionError, match=r"googleapis\.com"):
            await http.get(url, headers=headers)
    assert asked == [people]
