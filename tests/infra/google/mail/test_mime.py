"""Reading MIME: like the standard library where mail is sound, like Gmail where it is not."""

from email import message_from_bytes
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.google.mail.headers import decode_words, read_headers, rewrite, subject_key
from infra.local.google.mail.mime import Part, read_part
from infra.local.google.mail.parameters import read_params
from infra.local.google.mail.rendering import make_snippet

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)


@given(text=TEXT, name=TEXT, data=st.binary(max_size=300))
def test_what_the_standard_library_writes_is_read_back(text: str, name: str, data: bytes):
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content(text + "\n", charset="utf-8")
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    message.add_attachment(data, maintype="application", subtype="x-thing", filename=f"a{name}z")
    tree = read_part(message.as_bytes())
    standard = message_from_bytes(message.as_bytes())
    assert [part.mime_type for part in tree.walk()] == [
        part.get_content_type() for part in standard.walk()
    ]
    assert tree.parts[1].body == data
    assert tree.parts[0].parts[0].text().strip("\n") == text.strip("\n")


@given(st.binary(max_size=2000))
def test_no_bytes_at_all_break_the_reader(raw: bytes):
    make_snippet(read_part(raw))


@given(
    st.lists(st.sampled_from([b"--b", b"--b--", b"\r\n", b"\n", b"x", b"--", b":"]), max_size=40)
)
def test_odd_boundaries_break_nothing(pieces: list[bytes]):
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    read_part(head + b"".join(pieces))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?utf-8?q?caf=C3=A9?=", "caf\u00e9"),
        ("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?= x", "\u65e5\u672c x"),
        ("=?utf-8?B?5pel?= =?utf-8?B?5pys?=", "\u65e5\u672c"),
        ("=?utf-8?B?5pc=?= =?utf-8?B?pQ==?=", "\u65e5"),
        ("=?gb2312?B?xOO6ww==?=", "\u4f60\u597d"),
        ("=?x-nonsense?q?abc?= d", "abc d"),
        ("=?utf-8?b?!!!?=", ""),
        ("plain =? text", "plain =? text"),
    ],
)
def test_encoded_words_are_decoded(value: str, expected: str):
    assert decode_words(value) == expected


def test_a_parameter_may_be_continued_and_encoded():
    header = "attachment; filename*0*=utf-8''na%C3%AF; filename*1=\"ve; 1.pdf\""
    assert read_params(header) == ("attachment", {"filename": "na\u00efve; 1.pdf"})


def test_headers_are_unfolded_and_junk_lines_skipped():
    head = b"From x\r\nSubject: one\r\n two\r\njunk\r\nTo: a@b.c"
    assert read_headers(head) == [("Subject", "one two"), ("To", "a@b.c")]


def multipart(body: bytes, boundary: str = "b") -> Part:
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n"
    return read_part(head.encode() + body)


def test_a_part_without_a_closing_boundary_reaches_to_the_end():
    tree = multipart(b"--b\r\n\r\nleft\r\n--b\r\n\r\nright")
    assert [part.body for part in tree.parts] == [b"left", b"right"]


def test_a_boundary_that_starts_like_another_is_another():
    (part,) = multipart(b"--bb\r\n\r\n--bbx\r\nin\r\n--bb--\r\n", "bb").parts
    assert part.body == b"--bbx\r\nin"


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "\u041f\u0440\u0438\u0432\u0435\u0442"),
        ("us-ascii", "\u00e9".encode(), "\u00e9"),
        ("iso-8859-1", b"\x93hi\x94", "\u201chi\u201d"),
        ("utf-8", b"caf\xe9", "caf\u00e9"),
        ("nonsense", b"plain", "plain"),
        ("ks_c_5601-1987", b"\xc7\xd1", "\ud55c"),
    ],
)
def test_text_is_read_in_the_charset_it_is_in(charset: str, data: bytes, text: str):
    head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
    assert read_part(head + data).text() == text


def test_base64_with_stray_bytes_is_read():
    head = b"Content-Transfer-Encoding: base64\r\n\r\n"
    assert read_part(head + b"aGVs bG8\r\n*").body == b"hello"


def test_a_message_inside_a_message_is_a_part_with_parts():
    raw = b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nhi"
    inner = read_part(raw).parts[0]
    assert (inner.headers, inner.body) == ([("Subject", "inner")], b"hi")


def test_a_snippet_is_text_without_markup_and_escaped():
    raw = (
        b"Content-Type: text/html\r\n\r\n"
        b"<style>p {color: red}</style><p>Fish &amp; chips</p> 1 &lt; 2 <!-- not this -->it's"
    )
    assert make_snippet(read_part(raw)) == "Fish &amp; chips 1 &lt; 2 it&#39;s"


def test_rewriting_drops_folded_headers_whole_and_keeps_the_body():
    raw = b"To: a\r\nBcc: b,\r\n c\r\nX-Mark: 1\r\n\r\nBcc: body\r\n"
    assert rewrite(raw, ["bcc"], [("X-New", "2")]) == (
        b"X-New: 2\r\nTo: a\r\nX-Mark: 1\r\n\r\nBcc: body\r\n"
    )


def test_reply_prefixes_do_not_make_another_subject():
    assert subject_key("RE: Fwd: AW:  Plan  B") == subject_key("plan b")
