"""Of a mail's text, what its sender wrote: sixty threads, and what looks like more than it is."""

# ruff: noqa: RUF001  other scripts are meant

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.mail.reading.markup.html_text import html_to_text
from shared.domain.mail.reply_text.extract import reply_text
from tests.domain.reply_threads import Thread, squeezed, threads

THREADS = list(threads())
HEADER = "On Mon, May 4, 2026 at 10:12 AM Ada Lovelace <ada@engine.example> wrote:"
PIECES = [
    *("Yes.", "Kind regards,", "Thanks,", "Mira", "-- ", "--", "> ", ">>> ", "> 5", "```", ""),
    *("wrote:", HEADER, "Am 04.05.26 um 10:12 schrieb Ada:", "_" * 32, "-" * 40, "Message: 1"),
    *("From: a@b.example", "Sent: Monday", "To: c", "Subject: d", "Begin forwarded message:"),
    *("Sent from my iPhone", "If you are not the intended recipient, delete this.", "\r", "Q?"),
    *("To unsubscribe: http://x", "This email has been checked for viruses", "\u2028", "\t"),
]


@pytest.mark.parametrize("thread", THREADS, ids=lambda one: one.name)
def test_what_the_sender_wrote_is_left_of_a_thread(thread: Thread) -> None:
    assert squeezed(reply_text(thread.text)) == squeezed(thread.reply)


def test_the_threads_are_sixty_and_most_hold_something_to_cut() -> None:
    assert len(THREADS) == len({one.name for one in THREADS}) == 60
    assert sum(squeezed(one.reply) != squeezed(one.text) for one in THREADS) >= 54


@pytest.mark.parametrize(
    "attribution",
    [
        HEADER,
        "On 4 May 2026, at 10:12, Ada Lovelace <ada@engine.example> wrote:",
        "Am Montag, 4. Mai 2026 um 10:12 schrieb Ada:",
        "Ada Lovelace <ada@engine.example> schrieb am Mo., 4. Mai 2026, 10:12:",
        "Le lun. 4 mai 2026 à 10:12, Ada <ada@engine.example> a écrit :",
        "El lun, 4 may 2026 a las 10:12, Ada (<ada@engine.example>) escribió:",
        "Il giorno lun 4 mag 2026 alle ore 10:12 Ada <ada@engine.example> ha scritto:",
        "Em seg., 4 de mai. de 2026 às 10:12, Ada <ada@engine.example> escreveu:",
        "Op ma 4 mei 2026 om 10:12 schreef Ada <ada@engine.example>:",
        "Op 4 mei 2026 om 10:12 heeft Ada <ada@engine.example> het volgende geschreven:",
        "pon., 4 maj 2026 o 10:12 Ada <ada@engine.example> napisał(a):",
        "Den mån 4 maj 2026 kl 10:12 skrev Ada <ada@engine.example>:",
        "man. 4. maj 2026 kl. 10.12 skrev Ada <ada@engine.example>:",
        "2026年5月4日(月) 10:12 Ada <ada@engine.example>:",
        "Ada <ada@engine.example> 于2026年5月4日周一 10:12写道：",
        "2026년 5월 4일 (월) 오전 10:12, Ada <ada@engine.example>님이 작성:",
        "пн, 4 мая 2026 г. в 10:12, Ada <ada@engine.example>:",
        "04.05.2026 10:12, Ada пишет:",
        "2026-05-04 10:12 GMT+02:00 Ada <ada@engine.example>:",
        "---- Ada wrote ----",
        "-----Original Message-----",
        "Begin forwarded message:",
    ],
)
def test_all_below_an_attribution_goes_whether_marked_or_not(attribution: str) -> None:
    """Rule: fourteen languages, on one line or wrapped, and right below the words above it."""
    wrapped = attribution.replace(" <", "\n<") if " <" in attribution else attribution
    for header in (attribution, wrapped):
        for quoted in ("the old words\nAda", "> the old words\n> Ada"):
            assert reply_text(f"Yes.\n\n{header}\n\n{quoted}") == "Yes."
            assert reply_text(f"Yes.\n{header}\n{quoted}") == "Yes."


@pytest.mark.parametrize(
    "labels",
    [
        "From Sent To Subject", "From Date To Subject", "Von Gesendet An Betreff",
        "Von Datum An Betreff", "De Envoyé À Objet", "De Enviado Para Asunto",
        "Da Inviato A Oggetto", "De Enviada em Para Assunto", "Van Verzonden Aan Onderwerp",
        "Od Wysłano Do Temat", "Från Skickat Till Ämne", "Fra Sendt Til Emne",
        "差出人 送信日時 宛先 件名",
        "发件人 发送时间 收件人 主题",
        "보낸사람 날짜 받는사람 제목",
        "От Дата Кому Тема",
    ],
)  # fmt: skip
def test_all_below_the_headers_of_an_earlier_mail_goes(labels: str) -> None:
    """Rule: plain or bold, in any order, below a rule or a title or nothing."""
    sender, date, to, subject = labels.split(" ")
    lines = [f"{sender}: Ada <ada@engine.example>", f"{date}: 2026-05-04 10:12", f"{to}: b"]
    lines.append(f"{subject}: Engine")
    bold = [f"*{line.replace(':', ':*', 1)}" for line in lines]
    for block in (lines, bold, [lines[1], lines[3], lines[0], lines[2]], lines[:3]):
        for above in ("", "_" * 32 + "\n", "-----Original Message-----\n"):
            assert reply_text("Yes.\n\n" + above + "\n".join(block) + "\n\nold words") == "Yes."


@pytest.mark.parametrize(
    "text",
    [
        "On Friday the board wrote:\n\nWe sell.\n\nWhat do you say?",
        "In 2026 at 10:30 she wrote: no. He wrote:\nyes, and that was it.",
        "On 4 May 2026 at 10:12 I wrote to ada@engine.example:\nno answer.",
        "On 4 May 2026 at 10:12 she wrote:\nyes.\n\nWhat now?",
        "Am 4. Mai 2026 um 10:12 schrieb ich ihm:\nja.\n\nUnd nun?",
        "Thanks,\nMira",
        "Please note:\nthe gate is shut.",
        "The trip:\n\nFrom: Bern\nTo: Bonn\nDate: 4 May\n\nIs that right?",
        "From: the desk of Ada\n\nHello!",
        "Thanks,\nplease send it by Monday and tell me.",
        "Best regards",
        "Three to choose from:\nSony\nLG TV\nPhilips",
        "Give my\nregards to the board\nand the staff",
        "The file is ready.\n\nKind regards,",
        "Thanks for the lamp.\nIt works!",
        "Kind regards,\nMira\n\nPS: the key is under the mat.",
        "Best,\nMira\nCan you come at nine?",
        "My answer is below the table.\n\na | b\n---|---\n1 | > 2\n\nGood?",
        "The tests:\n\n```\n> npm test\n> 12 passed\n```\n\nShall I merge?",
        "Python says:\n\n>>> 1 / 0\nZeroDivisionError\n\nWhy?",
        "> 40 % of the pallets were wet.",
        "Load it when\n>= 5 boxes are there.",
        "Sent from my desk, which is much easier than from my telephone at home.",
        "The parcel was\nsent from the warehouse on Tuesday.",
        "Please treat this as confidential.",
        "How do I unsubscribe? https://list.example/leave does nothing.",
        "Is it virus-free? Avast says so.",
        "--\nA divider\n--\n"
        + "and a long text below it, of more words than a card has.\n" * 15
        + "End.",
        "--- Agenda ---\n\n1. Money\n2. Time",
        "Section one\n________________________________\nSection two is about bread.",
    ],
)
def test_words_of_the_sender_that_look_like_more_stay(text: str) -> None:
    """Rule: an attribution has a date and a time or an address; a card is short and ends it."""
    assert reply_text(text) == text
    assert reply_text(f"{text}\n\n{HEADER}\n> old").rstrip() == text.rstrip()


@pytest.mark.parametrize(
    "footer",
    [
        "-- \nMira\nFernway Glass",
        "--\nMira",
        "Kind regards,\nMira",
        "Thanks!\n\nMira",
        "Mit freundlichen Grüßen aus Leer\nMira\nTel. 123",
        "Best regards from Leeds\nMira",
        "Liebe Grüße Mira\n\nMira Patel\nTel. 123",
        "LG\nMira",
        "Sent from my iPhone",
        "Sent from Outlook for Android<https://aka.ms/AAb9ysg>",
        "Get Outlook for iOS (https://aka.ms/o0ukef)",
        "Sent from Yahoo Mail for iPhone (https://mail.example/a)",
        "Skickat från min iPhone",
        "Sendt fra min iPad",
        "Verstuurd vanaf mijn iPhone",
        "发自我的iPhone",
        "나의 iPhone에서 보냄",
        "Отправлено с iPhone",
        "DISCLAIMER\n\nThis is confidential. If you are not the intended recipient, delete it.",
        "This message is confidential.\n\nIf you received this message in error, tell us.",
        "_" * 47 + "\nUsers mailing list\nUsers@lists.example\nhttps://lists.example/users",
        "--\nYou received this message because you subscribed.\nTo leave: g@groups.example.",
        "Unsubscribe: https://news.example/u/1",
        "This email has been checked for viruses by Avast antivirus software.\nwww.avast.com",
        "Virus-free.www.avast.com (https://www.avast.com)",
        "Kind regards,\nMira\n\nSent from my iPhone\n\nNot the intended recipient?\n\n-- \nx",
    ],
)
def test_signatures_and_footers_go_at_the_end_and_above_a_quotation(footer: str) -> None:
    for eol in ("\n", "\r\n"):
        text = f"Yes.\n\nAt nine.\n\n{footer}"
        for below in ("", f"\n\n{HEADER}\n> old\n", f"\n\n{HEADER}\nold"):
            assert reply_text((text + below).replace("\n", eol)).split() == ["Yes.", "At", "nine."]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        f"{HEADER}\n> old",
        "-- \nMira",
        "Sent from my iPhone",
        f"Sent from my iPhone\n\n{HEADER}\n> old",
        "---------- Forwarded message ---------\nFrom: a@b.example\nDate: x\nSubject: y\n\nHello",
        "Begin forwarded message:\n\n> From: a@b.example\n> Subject: y\n> \n> Hello",
        "> all\n> quoted",
        "Kind regards,\nMira\n\n---------- Forwarded message ---------\nFrom: a@b.example\n\nHello",
        "-" * 70
        + "\n\nMessage: 1\nFrom: a@b.example\n\nYes.\n"
        + "_" * 47
        + "\nx mailing list\n"
        + "-" * 30
        + "\n\nMessage: 2\n\nNo.",
    ],
)
def test_a_text_is_never_cut_to_nothing(text: str) -> None:
    assert reply_text(text) == text


def test_html_that_lost_its_marks_is_cut_at_its_header() -> None:
    html = (
        "<div>Yes.</div><br><div>On Mon, May 4, 2026 at 10:12 Ada &lt;"
        '<a href="mailto:ada@engine.example">ada@engine.example</a>&gt; wrote:<br></div>'
        "<blockquote>old</blockquote>"
    )
    assert reply_text(html_to_text(html)) == "Yes."


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=30))
def test_whatever_the_text_its_lines_are_its_own_in_their_order(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    lines = iter([line for line in text.split("\n") if line.strip()])
    found = reply_text(text)
    assert all(line in lines for line in found.split("\n") if line.strip())
    assert bool(found.strip()) == bool(text.strip())
