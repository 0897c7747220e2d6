"""The settings: missing, malformed, misspelt, or right and yet not meant."""

from pathlib import Path

import pytest

from infra.local.environment import Addresses, environment
from shared.commands.checks.configuration import settings_are_sound
from shared.commands.checks.finding import Verdict

SOUND = environment(Addresses(), Path("/somewhere"))


def test_the_laptops_own_settings_are_sound():
    finding, settings = settings_are_sound(SOUND)
    assert (finding.verdict, settings is None) == (Verdict.OK, False)


@pytest.mark.parametrize(
    ("changed", "value"),
    [("POSTROOM_GMAIL_TOPIC", ""), ("POSTROOM_STORE", "mysql:x"), ("POSTROOM_QUEUE", "sqs")],
)
def test_what_is_missing_or_malformed_is_named(changed: str, value: str):
    finding, settings = settings_are_sound({**SOUND, changed: value})
    assert (finding.verdict, settings) == (Verdict.FAILED, None)
    assert changed in finding.seen
    assert "make doctor" in finding.fix


def test_every_problem_is_named_at_once():
    finding, _ = settings_are_sound({})
    assert finding.seen.count("is not set") > 5


@pytest.mark.parametrize(
    ("changed", "value", "words"),
    [
        ("POSTROOM_WEBOOK_ALLOW", "x", "Nothing reads POSTROOM_WEBOOK_ALLOW"),
        ("POSTROOM_PRODUCT_ORIGINS", "", "no product may frame"),
        ("POSTROOM_GOOGLE_URL", "", "Google is the real one"),
    ],
)
def test_what_is_hardly_meant_is_warned_of(changed: str, value: str, words: str):
    finding, settings = settings_are_sound({**SOUND, changed: value})
    assert (finding.verdict, settings is None) == (Verdict.WARNING, False)
    assert words in finding.seen
    assert finding.fix


def test_a_secret_that_an_operator_does_not_hold_is_no_fault_of_the_configuration():
    without = {k: v for k, v in SOUND.items() if k != "POSTROOM_OAUTH_CLIENT_SECRET"}
    assert settings_are_sound(without)[0].verdict is Verdict.OK
