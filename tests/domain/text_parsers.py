"""Further parsers of the domain that take one text, for tests/domain/test_linear.py."""

from collections.abc import Callable, Mapping
from html import escape
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

from shared.domain.mail.files import file_text, mail_file, office_xml, word, workbook
from shared.domain.mail.reading.markup import (
    colors,
    declarations,
    hidden_text,
    hiding,
    lengths,
    looks,
    screen,
    style_sheet,
)
from shared.domain.sync.records import search


def bytes_of(text: str) -> bytes:
    """Return a text as it travels."""
    return text.encode("utf-8", "replace")


def zipped(name: str, text: str) -> bytes:
    """Return a zip with one file: text inside the XML of an office document."""
    packed = BytesIO()
    with ZipFile(packed, "w") as opened:
        words = escape(bytes_of(text).decode())
        opened.writestr(
            name, f"<d><row><c t='str'><v>{words}</v></c></row><p><t>{words}</t></p></d>"
        )
    return packed.getvalue()


TEXT_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "file_text.decode_file": lambda text: file_text.decode_file(bytes_of(text), "utf-16"),
    "file_text.file_text": lambda text: file_text.file_text(bytes_of(text), "message/rfc822", "a"),
    "file_text.image_type": lambda text: file_text.image_type(bytes_of(text)),
    "file_text.is_pdf": lambda text: file_text.is_pdf(bytes_of(text)),
    "colors.color_of": lambda text: colors.color_of(text, None),
    "colors.is_clear": colors.is_clear,
    "colors.is_color": colors.is_color,
    "declarations.declarations": declarations.declarations,
    "declarations.merge": lambda text: declarations.merge({}, declarations.declarations(text)),
    "declarations.plain_css": declarations.plain_css,
    "hiding.hides": lambda text: hiding.hides("p", dict.fromkeys(declarations.READ, text[:200]), 9),
    "lengths.fraction": lengths.fraction,
    "lengths.pixels": lambda text: lengths.pixels(text, 16.0),
    "screen.holds": lambda text: screen.holds(f"@media {text}"),
    "style_sheet.names_of": lambda text: style_sheet.names_of("p", {"class": text, "id": text}),
    "style_sheet.StyleSheet": lambda text: style_sheet.StyleSheet().add(text),
    "looks.look_of": lambda text: looks.look_of(
        "p", {"color": text, "bgcolor": text}, dict.fromkeys(declarations.READ, text), looks.Look()
    ),
    "hidden_text.visible_html": lambda text: hidden_text.visible_html(
        f"<style>{text}{{color:{text}}}</style><p class='{text}'>{text}"
    ),
    "hidden_text.without_hidden": lambda text: hidden_text.without_hidden(
        {"html": text, "text": text, "subject": text}
    ),
    "mail_file.mail_text": lambda text: mail_file.mail_text(bytes_of(text)),
    "word.docx_text": lambda text: word.docx_text(zipped("word/document.xml", text)),
    "word.pptx_text": lambda text: word.pptx_text(zipped("ppt/slides/slide1.xml", text)),
    "workbook.xlsx_text": lambda text: workbook.xlsx_text(zipped("xl/worksheets/sheet1.xml", text)),
    "office_xml.is_on": lambda text: office_xml.is_on({"val": text}),
    "office_xml.read_xml": lambda text: office_xml.read_xml(
        f"<d>{escape(bytes_of(text).decode())}</d>".encode(), lambda *_: None
    ),
    "search.person_terms": lambda text: search.person_terms(search.FROM, text),
    "search.subject_terms": search.subject_terms,
    "search.terms_of": lambda text: search.terms_of(
        {"from": {"name": text, "email": text}, "to": [], "subject": text, "attachments": []}
    ),
}
