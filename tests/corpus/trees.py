"""Trees of every kind, seeded: what mailers, lists, scanners and bounces make of a message."""

import quopri
from base64 import encodebytes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from tests.corpus.mail import File, Mail, letter, multipart, part

SEED: Final = 20_261_128
TREES: Final = 220
DEEPEST: Final = 5

_TYPES: Final = ("application/pdf", "image/png", "application/zip", "text/csv", "x-odd/thing")
_NAMES: Final = (
    ("report.pdf", 'filename="report.pdf"'),
    ("a b (1).txt", "filename=a b (1).txt"),
    ("Prüfung.pdf", "filename*=utf-8''Pr%C3%BCfung.pdf"),
    ("Prüfung.pdf", 'filename="=?utf-8?Q?Pr=C3=BCfung=2Epdf?="'),
    ("a long name.dat", 'filename*0="a long "; filename*1="name.dat"'),
    ("日本.txt", "filename*0*=utf-8''%E6%97; filename*1*=%A5%E6%9C%AC.txt"),
    ("first.bin", "filename=first.bin; filename=second.bin"),
    ("semi;colon.bin", 'filename="semi;colon.bin"'),
)


@dataclass
class Tree:
    """What is being made, and what of it was meant."""

    rng: Random
    shown: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    leaves: int = 0
    boundaries: int = 0

    def word(self) -> str:
        """Return a word that no other leaf holds."""
        self.leaves += 1
        return f"leaf{self.leaves}x"

    def boundary(self) -> str:
        """Return a boundary; one that begins like another, as Apple Mail's and Lotus's do."""
        self.boundaries += 1
        return f"=_{'b' * self.boundaries}"

    def encoded(self, content: bytes) -> tuple[str, bytes]:
        """Return a transfer encoding and the content in it."""
        kind = self.rng.choice(("7bit", "base64", "quoted-printable"))
        if kind == "7bit" and content.isascii() and content.count(b"\n") < 2:
            return kind, content
        if kind == "quoted-printable":
            return kind, quopri.encodestring(content, quotetabs=True)
        return "BASE64", encodebytes(content).replace(b"\n", b"\r\n")


def text(tree: Tree, subtype: str = "plain") -> bytes:
    """Return a body of that type."""
    word = tree.word()
    tree.shown.append(word)
    content = f"<p>grüße {word}</p>" if subtype == "html" else f"grüße {word}"
    how, body = tree.encoded(content.encode())
    disposition = ("Content-Disposition: inline",) if tree.rng.random() < 0.2 else ()
    return part(
        f"Content-Type: text/{subtype}; charset=utf-8",
        f"Content-Transfer-Encoding: {how}",
        *disposition,
        body=body,
    )


def html(tree: Tree) -> bytes:
    return text(tree, "html")


def file(tree: Tree) -> bytes:
    """Return a file; its name is written in one of the ways mailers have."""
    content = f"{tree.word()} \0\xff".encode("latin-1") + tree.rng.randbytes(40)
    name, written = tree.rng.choice(_NAMES)
    tree.files.append(File(content, name))
    return part(
        f"Content-Type: {tree.rng.choice(_TYPES)}",
        f"Content-Disposition: attachment; {written}",
        "Content-Transfer-Encoding: base64",
        body=encodebytes(content),
    )


def message(tree: Tree) -> bytes:
    """Return an attached message; nothing of it is a body or a file of the outer one."""
    inner = Tree(tree.rng, leaves=tree.leaves, boundaries=tree.boundaries)
    kind = tree.rng.choice((text, mixed, alternative))
    raw = letter(body=kind(inner), subject="inner").rstrip(b"\r\n")
    tree.leaves, tree.boundaries = inner.leaves, inner.boundaries
    tree.files.append(File(raw, "orig.eml"))
    return part(
        "Content-Type: message/rfc822", 'Content-Disposition: attachment; filename="orig.eml"',
        body=raw,
    )  # fmt: skip


def nested(tree: Tree, depth: int = 1) -> bytes:
    """Return anything."""
    leaves: tuple[Callable[[Tree], bytes], ...] = (text, html, file)
    trees = (mixed, related, alternative, signed, report, digest, message)
    return tree.rng.choice((*leaves, *trees) if depth < DEEPEST else leaves)(tree)


def several(tree: Tree) -> Iterator[bytes]:
    """Yield what a list server, a scanner or a mailer puts into one message."""
    for _ in range(tree.rng.randint(1, 3)):
        yield nested(tree, tree.boundaries)


def mixed(tree: Tree) -> bytes:
    first = tree.rng.choice((text, html, alternative))(tree)
    return multipart(tree.rng.choice(("mixed", "parallel", "x-unknown")), tree.boundary(), first,
                     *several(tree))  # fmt: skip


def alternative(tree: Tree) -> bytes:
    boundary = tree.boundary()
    rich = tree.rng.choice((html, related))(tree)
    return multipart("alternative", boundary, text(tree), rich)


def related(tree: Tree) -> bytes:
    """Return HTML with an image that it shows."""
    word, content = tree.word(), tree.rng.randbytes(30)
    tree.shown.append(word)
    tree.files.append(File(content, "logo.png"))
    shown = f'<p>{word}</p><img src="cid:{word}@shop.example">'.encode()
    image = part(
        "Content-Type: image/png; name=logo.png", f"Content-ID: <{word}@shop.example>",
        "Content-Disposition: inline", "Content-Transfer-Encoding: base64",
        body=encodebytes(content),
    )  # fmt: skip
    page = part("Content-Type: text/html; charset=us-ascii", body=shown)
    return multipart("related", tree.boundary(), page, image, params="; type=text/html")


def signed(tree: Tree) -> bytes:
    boundary, inner = tree.boundary(), tree.rng.choice((text, alternative, mixed))(tree)
    content = f"-----BEGIN {tree.word()}-----\r\n".encode()
    tree.files.append(File(content, "signature.asc"))
    signature = part(
        'Content-Type: application/pgp-signature; name="signature.asc"',
        "Content-Transfer-Encoding: base64",
        body=encodebytes(content),
    )
    params = "; protocol=application/pgp-signature; micalg=pgp-sha256"
    return multipart("signed", boundary, inner, signature, params=params)


def report(tree: Tree) -> bytes:
    status = part(
        "Content-Type: message/delivery-status",
        body=f"Reporting-MTA: dns; {tree.word()}.example\r\n\r\nAction: failed\r\n".encode(),
    )
    params = "; report-type=delivery-status"
    return multipart("report", tree.boundary(), text(tree), status, params=params)


def digest(tree: Tree) -> bytes:
    """Return a digest: its parts are messages, though none says so."""
    issue = f"From: x@list.example\r\nSubject: {tree.word()}\r\n\r\n{tree.word()}".encode()
    tree.files.append(File(issue))
    return multipart("digest", tree.boundary(), b"\r\n" + issue)


_ROOTS: Final = (mixed, mixed, alternative, related, signed, report, nested)


def _line_feeds(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def _unclosed(raw: bytes) -> bytes:
    """Return the message cut off before its last delimiter."""
    return raw.rstrip(b"\r\n").removesuffix(b"--") if raw.rstrip().endswith(b"--") else raw


def _with_preamble(raw: bytes) -> bytes:
    mark = b"\r\n\r\n--="
    return raw.replace(mark, b"\r\n\r\nThis is a multi-part message in MIME format.\r\n--=", 1)


def _with_epilogue(raw: bytes) -> bytes:
    return raw + b"\r\n\r\n-- \r\nscanned\r\n"


def tree_mails(seed: int = SEED) -> Iterator[Mail]:
    """Yield random trees, the same for the same seed."""
    rng = Random(seed)
    damages: tuple[Callable[[bytes], bytes], ...] = (bytes, bytes, _with_preamble, _with_epilogue)
    for number in range(TREES):
        tree = Tree(rng)
        root = rng.choice(_ROOTS)
        raw = rng.choice(damages)(letter(body=root(tree), subject=f"tree {number}"))
        yield Mail(
            f"tree {number} {root.__name__}",
            raw,
            subject=f"tree {number}",
            shown=tuple(tree.shown),
            files=tuple(tree.files),
            knows_files=True,
        )


def damaged_mails(seed: int = SEED + 1) -> Iterator[Mail]:
    """Yield trees whose ends are missing or whose lines end as on Unix."""
    rng = Random(seed)
    for number in range(40):
        tree = Tree(rng)
        damage = (_unclosed, _line_feeds)[number % 2]
        raw = damage(letter(body=mixed(tree), subject="damaged"))
        files = tuple(
            replace(one, content=_line_feeds(one.content))
            if damage is _line_feeds and one.name == "orig.eml"
            else one
            for one in tree.files
        )
        title = f"damaged {number} {damage.__name__}"
        yield Mail(title, raw, "damaged", shown=tuple(tree.shown), files=files)


def odd_trees() -> Iterator[Mail]:
    """Yield the shapes that reports of lost mail were about, one by one."""
    pdf = part('Content-Type: application/pdf; name="x.pdf"', body=b"%PDF")
    plain = part("Content-Type: text/plain", body=b"plainword")
    page = part("Content-Type: text/html", body=b"<p>htmlword</p>")
    inner = multipart("alternative", "b", plain, page)
    whole = {
        "a boundary used again": multipart("mixed", "b", inner, pdf),
        "plain beside html": multipart("mixed", "b", plain, page, pdf),
        "html beside plain": multipart("mixed", "b", page, plain, pdf),
        "file between texts": multipart("mixed", "b", plain, pdf, page),
        "forty-five deep": _deep(45, multipart("mixed", "z", plain, page, pdf)),
    }
    for name, body in whole.items():
        yield Mail(name, letter(body=body), "s", shown=("plainword", "htmlword"),
                   files=(File(b"%PDF", "x.pdf"),), knows_files=True)  # fmt: skip
    rootless = multipart("related", "b", plain, page, pdf)
    yield Mail("related without a page first", letter(body=rootless), "s", shown=("plainword",),
               files=(File(b"<p>htmlword</p>"), File(b"%PDF", "x.pdf")),
               knows_files=True)  # fmt: skip
    zipped = part('Content-Disposition: attachment; filename="r.zip"',
                  "Content-Type: application/zip", body=b"PK")  # fmt: skip
    yield Mail("a file alone", letter(body=zipped), "s", files=(File(b"PK", "r.zip"),),
               knows_files=True)  # fmt: skip
    for kind in ("enriched", "richtext", "calendar", "x-amp-html", "x-odd", "markdown"):
        alone = part(f"Content-Type: text/{kind}; charset=utf-8", body=b"onlyword")
        yield Mail(f"text/{kind} alone", letter(body=alone), "s")
        yield Mail(f"text/{kind} beside plain",
                   letter(body=multipart("alternative", "b", plain, alone)), "s",
                   shown=("plainword",))  # fmt: skip
    named = part('Content-Type: text/richtext; name="cv.rtf"', body=b"{rtf}")
    tnef = part('Content-Type: application/ms-tnef; name="winmail.dat"', body=b"x\x9f>")
    yield Mail("named richtext", letter(body=multipart("mixed", "b", page, named)), "s",
               files=(File(b"{rtf}", "cv.rtf"),), knows_files=True)  # fmt: skip
    yield Mail("winmail.dat", letter(body=multipart("mixed", "b", plain, tnef)), "s",
               files=(File(b"x\x9f>", "winmail.dat"),), knows_files=True)  # fmt: skip
    for head in ("multipart/mixed", 'multipart/mixed; boundary="never"', "multipart/", "text"):
        yield Mail(f"content-type {head}", letter(f"Content-Type: {head}"), "s")


def _deep(levels: int, innermost: bytes) -> bytes:
    for level in range(levels):
        innermost = multipart("mixed", f"deep{level}", innermost)
    return innermost
