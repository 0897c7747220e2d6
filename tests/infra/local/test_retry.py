"""When Cloud Tasks tries again."""

from datetime import UTC, datetime, timedelta

from infra.local.tasks.retry import RetryConfig, retry_after

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_pause_doubles_then_grows_evenly_up_to_its_limit() -> None:
    """The example in Google's own discovery document."""
    config = RetryConfig(
        min_backoff=timedelta(seconds=10), max_backoff=timedelta(seconds=300), max_doublings=3
    )
    pauses = [config.backoff(attempts).total_seconds() for attempts in range(1, 9)]
    assert pauses == [10, 20, 40, 80, 160, 240, 300, 300]


def test_a_long_row_of_failures_stays_within_the_limit() -> None:
    config = RetryConfig()
    assert config.backoff(100_000) == config.max_backoff


def test_attempts_run_out_unless_they_are_unlimited() -> None:
    assert RetryConfig(max_attempts=3).is_exhausted(3)
    assert not RetryConfig(max_attempts=3).is_exhausted(2)
    assert not RetryConfig(max_attempts=-1).is_exhausted(10_000)


def test_retry_after_is_read_in_seconds_and_as_a_date() -> None:
    assert retry_after("120", NOW) == timedelta(seconds=120)
    assert retry_after("Fri, 02 Jan 2026 03:05:05 GMT", NOW) == timedelta(seconds=60)


def test_a_retry_after_that_says_nothing_asks_for_no_pause() -> None:
    overflowing = f"Fri, 02 Jan 2026 03:05:05 +{'9' * 20}"
    for value in (None, "", "soon", "Fri, 02 Jan 2020 03:05:05 GMT", overflowing):
        assert retry_after(value, NOW) == timedelta()
