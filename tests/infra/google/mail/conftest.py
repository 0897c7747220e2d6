"""The mail room that every test here starts with: two empty mailboxes."""

from collections.abc import Iterator

import pytest

from tests.infra.google.mail.room import Room


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.store.close()
