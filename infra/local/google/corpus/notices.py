"""What servers and absent people send back: delivery reports, automatic replies; and spam."""
# ruff: noqa: RUF001 - other scripts share letter shapes with Latin

from datetime import datetime
from random import Random

from infra.local.google.corpus import mime
from infra.local.google.corpus.letter import (
    Letter,
    Person,
    Written,
    finish_received,
    new_message_id,
)

_FAILURES = (
    ("5.1.1", "550 5.1.1 The email account that you tried to reach does not exist."),
    ("5.2.2", "552 5.2.2 Mailbox full, quota exceeded."),
    ("4.4.1", "451 4.4.1 No answer from host; delivery will be tried for 46 more hours."),
    ("5.7.26", "550 5.7.26 Unauthenticated mail from this domain is not accepted."),
)


def bounce(rng: Random, owner: Person, at: datetime) -> Written:
    """Write a delivery status report for a mail the owner is said to have sent."""
    failed = f"{rng.choice(('j.moreau', 'orders', 'kit', 'team'))}@faraway.example"
    code, text = rng.choice(_FAILURES)
    final = code.startswith("5")
    said = f"Your message to {failed} {'could not be' if final else 'has not yet been'} delivered."
    plain = mime.text_part(f"{said}\n\nThe response from the remote server was:\n\n{text}\n")
    status = (
        "Content-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\nArrival-Date: {at:%a, %d %b %Y %H:%M:%S} +0000\n\n"
        f"Final-Recipient: rfc822; {failed}\nAction: {'failed' if final else 'delayed'}\n"
        f"Status: {code}\nRemote-MTA: dns; mail.faraway.example\n"
        f"Diagnostic-Code: smtp; {text}\n"
    ).encode()
    original = (
        f"Content-Type: message/rfc822\n\nFrom: {owner.mailbox}\nTo: {failed}\n"
        f"Subject: Your order\nMessage-ID: <{new_message_id(rng, owner.domain)}>\n"
        f"MIME-Version: 1.0\n"
    ).encode() + mime.text_part("Good morning,\n\nthe order left our house today.\n")
    mark = f"00000000{rng.getrandbits(80):020x}"
    report = "; report-type=delivery-status"
    body = mime.multipart("report", mark, (plain, status, original), report)
    kind = "Failure" if final else "Delay"
    letter = Letter(
        Person("Mail Delivery Subsystem", "mailer-daemon@mx.example"),
        owner.mailbox.encode(),
        f"Delivery Status Notification ({kind})",
        at,
        new_message_id(rng, "mx.example"),
        more=f"Auto-Submitted: auto-replied\nX-Failed-Recipients: {failed}\n".encode(),
    )
    return Written(finish_received(rng, owner, letter, body), ("CATEGORY_UPDATES",))


def automatic_reply(rng: Random, owner: Person, at: datetime) -> Written:
    """Write an out-of-office answer."""
    sender, subject, text, charset = rng.choice(_AWAY)
    letter = Letter(
        sender,
        mime.address(owner.name, owner.mailbox),
        subject,
        at,
        new_message_id(rng, sender.domain),
        charset,
        more=b"Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\nPrecedence: bulk\n",
    )
    return Written(finish_received(rng, owner, letter, mime.text_part(text, charset)))


def spam(rng: Random, owner: Person, at: datetime) -> Written:
    """Write what belongs in the spam folder."""
    sender, subject, text, charset = rng.choice(_SPAM)
    link = f"http://deals{rng.randrange(99)}.unwanted.example/?{rng.getrandbits(64):x}"
    plain = mime.text_part(f"{text}\n\n{link}\n", charset)
    page = f'<center><font size="5" color="red">{text}</font><br><br><a href="{link}">'
    page += f'CLICK HERE</a><br><img src="http://images.example/s/{link[-12:]}.gif"></center>\n'
    parts = (plain, mime.text_part(page, charset, "html"))
    body = mime.multipart("alternative", f"----=_NextPart_{rng.getrandbits(64):016X}", parts)
    letter = Letter(
        sender, owner.mailbox.encode(), subject, at, new_message_id(rng, sender.domain), charset
    )
    return Written(finish_received(rng, owner, letter, body), ("SPAM",))


_AWAY = (
    (Person("Grace Whitcombe", "grace.whitcombe@northfold.example"),
     "Automatic reply: Launch date for the spring release",
     ("I'm away until Monday and will not be reading mail. If it can't wait, Dele can help: "
     "dele@northfold.example.\n"), "us-ascii"),
    (Person("Jürgen Groß", "juergen.gross@werkhof.example"),
     "Abwesenheitsnotiz: Rückfrage zur Rechnung",
     ("Vielen Dank für Ihre Nachricht. Ich bin bis einschließlich Freitag nicht im Büro.\n"
     "In dringenden Fällen hilft Ihnen gern Frau Köster weiter.\n"), "iso-8859-1"),
    (Person("高橋 由美子", "y.takahashi@kawabata-shoji.example"),
     "自動返信：休暇のお知らせ",
     ("誠に勝手ながら、今週金曜日まで休暇をいただいております。\n"
     "お急ぎの場合は佐藤までご連絡ください。\n"), "iso-2022-jp"),
)  # fmt: skip

_SPAM = (
    (Person("Prize Office", "winner@unwanted.example"),
     "You have WON a lawn mower!!!", ("Dear friend, you are the 1,000,000th visitor. Claim your "
     "lawn mower within 24 hours."), "us-ascii"),
    (Person("Dr. Augustus Pell", "pell@parcel-of-gold.example"),
     "CONFIDENTIAL: an unclaimed parcel of gold",
     "I write to you in trust about a parcel weighing 41 kg left by a late uncle of yours.",
     "windows-1252"),
    (Person("Кредит", "info@unwanted.example"),
     "Деньги сегодня без справок", "Одобрим за пять минут. Ответьте на это письмо.", "koi8-r"),
    (Person("发票代理", "fp@unwanted.example"),
     "代开各类发票，优惠中", "本公司长期代理，价格从优，欢迎来电咨询。", "gb18030"),
    (Person("Rolexx Outlet", "sale@watches.unwanted.example"),
     "W4tches -90% t0day", "The finest replicas. No one will notice, except the time.", "utf-8"),
)  # fmt: skip
