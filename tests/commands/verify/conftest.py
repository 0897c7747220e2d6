"""One run of every probe, which the tests of this folder look at."""

from collections.abc import Iterator

import pytest

from infra.local.google.settings import GoogleSettings
from tests.infra.google.emulator import Google, running


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with running(GoogleSettings(push_endpoint=None, units_per_minute=10_000_000)) as url:
        yield Google(url)
