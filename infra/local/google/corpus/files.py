"""Small real files to attach: PDFs, PNGs and CSVs made once per process, kept as base64 lines."""
# ruff: noqa: RUF001 - file names are in many scripts

import struct
import zlib
from functools import cache
from random import Random
from typing import NamedTuple

from infra.local.google.corpus import mime


class File(NamedTuple):
    """A file ready to attach; `encoded` is base64 in lines."""

    mime_type: str
    name: str
    encoded: bytes


def pdf(lines: tuple[str, ...]) -> bytes:
    """Lay out ASCII lines on one A4 page."""
    shown = b"\n".join(b"(%b) Tj T*" % _escape(line) for line in lines)
    stream = b"BT /F1 11 Tf 56 780 Td 16 TL\n" + shown + b"\nET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    return _number_objects(objects)


def _escape(line: str) -> bytes:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("ascii")


def _number_objects(objects: tuple[bytes, ...]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(out)


def png(width: int, height: int, top: tuple[int, int, int], low: tuple[int, int, int]) -> bytes:
    """Draw a hilly landscape: sky fading from `top`, ground in `low`."""
    rows = bytearray()
    for y in range(height):
        shade = tuple(min(255, c + (255 - c) * y // height) for c in top)
        rows.append(0)
        for x in range(width):
            hill = height * 2 // 3 - abs((x * 3) % (width * 2) - width) * height // (width * 3)
            rows += bytes(low if y > hill else shade)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def csv(title: str, rows: int, rng: Random) -> bytes:
    """Write a spreadsheet export, with the byte order mark Excel wants."""
    lines = [f"date,{title},customers,revenue_eur"]
    lines += [
        f"2026-{1 + n // 28 % 12:02d}-{1 + n % 28:02d},{rng.randrange(40, 900)},"
        f"{rng.randrange(5, 60)},{rng.randrange(900, 9000)}.{rng.randrange(100):02d}"
        for n in range(rows)
    ]
    return "\ufeff".encode() + "\r\n".join(lines).encode() + b"\r\n"


_NAMES = (
    ("offer-calder-rail.pdf", "application/pdf"),
    ("Angebot für März – Überarbeitet.pdf", "application/pdf"),
    ("Compte rendu réunion n°4.pdf", "application/pdf"),
    ("お見積書（第二版）.pdf", "application/pdf"),
    ("季度报告.pdf", "application/pdf"),
    ("جدول الأعمال.pdf", "application/pdf"),
    ("floor plan (final) v3.pdf", "application/pdf"),
    ("IMG_2041.png", "image/png"),
    ("stairs.png", "image/png"),
    ("Фото со встречи.png", "image/png"),
    ("visitors-by-day.csv", "text/csv"),
    ("Ausgaben_Übersicht.csv", "text/csv"),
)


@cache
def stock() -> tuple[File, ...]:
    """Make the files that conversations attach."""
    rng = Random(2218)
    return tuple(File(kind, name, mime.base64_lines(_make(kind, rng))) for name, kind in _NAMES)


def _make(kind: str, rng: Random) -> bytes:
    if kind == "application/pdf":
        lines = [f"{n}. Item {rng.randrange(100, 999)}  {rng.randrange(10, 900)}.00 EUR"
                 for n in range(1, rng.randrange(12, 40))]  # fmt: skip
        return pdf(("Summary", "", *lines))
    if kind == "image/png":
        tone = (rng.randrange(256), rng.randrange(140), rng.randrange(256))
        return png(320, 200, tone, (rng.randrange(60), 90, 60))
    return csv("visits", rng.randrange(60, 400), rng)


@cache
def inline_image() -> bytes:
    """Make the small picture that goes inside HTML bodies, as base64 lines."""
    return mime.base64_lines(png(96, 40, (32, 80, 160), (60, 140, 90)))
