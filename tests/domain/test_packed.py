"""Packed objects: joined into one gzip file they are, byte for byte, the plain text."""

import gzip
import shutil
import subprocess
import zlib
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isal import isal_zlib

from shared.domain.packed import (
    GzipText,
    ObjectList,
    PlainText,
    Text,
    pack_object,
    unpack_object,
)
from shared.domain.sync.records.payload import MAX_JSON_BYTES

OBJECTS = st.dictionaries(st.text(max_size=9), st.text(max_size=400) | st.booleans(), min_size=1)
Packing = Callable[[bytes], bytes]
PACKINGS: tuple[Packing, ...] = (pack_object, isal_zlib.compress, zlib.compress)


def text_of(made: Any) -> bytes:
    return orjson.dumps(made)


def written(text: Text, rows: list[tuple[bytes, Packing | None, bytes]]) -> bytes:
    text.add(b"[")
    listed = ObjectList(text)
    for row, packing, more in rows:
        if packing is None:
            listed.add([row])
        else:
            listed.next().add_open(packing(row))
            text.add(b',"more":%b}' % more)
    text.add(b"]")
    return text.end()


@given(
    st.lists(
        st.tuples(OBJECTS.map(text_of), st.sampled_from((None, *PACKINGS)), st.text().map(text_of)),
        max_size=12,
    )
)
@settings(deadline=None)
def test_the_gzip_file_is_the_plain_text_to_every_reader(
    rows: list[tuple[bytes, Packing | None, bytes]],
) -> None:
    plain, packed = PlainText(), GzipText()
    text, file = written(plain, rows), written(packed, rows)
    orjson.loads(text)
    assert gzip.decompress(file) == zlib.decompress(file, 31) == isal_zlib.decompress(file, 31)
    assert gzip.decompress(file) == text
    assert plain.size == packed.size == len(text)


@pytest.mark.parametrize("length", [0, 1, 65_534, 65_535, 65_536, 200_000])
def test_what_is_stored_plain_may_be_longer_than_a_block(length: int) -> None:
    text = GzipText()
    text.add(b"x" * length)
    assert gzip.decompress(text.end()) == b"x" * length


def test_the_program_gzip_finds_nothing_wrong() -> None:
    program = shutil.which("gzip")
    if program is None:
        pytest.skip("gzip is not on this machine: its test of a page was left out")
    text = GzipText()
    for _ in range(100):
        text.add_open(pack_object(text_of({"text": "At four? " * 500})))
        text.add(b"},")
    subprocess.run([program, "-t"], input=text.end(), check=True)


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_is_packed_comes_back(packing: Packing) -> None:
    text = text_of({"text": "Grüße"})
    assert unpack_object(packing(text)) == text


def test_the_largest_object_there_may_be_comes_back() -> None:
    text = b'{"a":"%b"}' % (b"x" * MAX_JSON_BYTES)
    assert unpack_object(pack_object(text)) == text


def test_damage_is_seen_where_it_is_inflated_here() -> None:
    packed = bytearray(pack_object(text_of({"text": "At four? " * 50})))
    packed[3] ^= 1
    with pytest.raises(ValueError, match="checksum"):
        unpack_object(bytes(packed))
