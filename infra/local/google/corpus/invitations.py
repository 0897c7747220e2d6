"""Calendar mail: invitations, answers and cancellations, as text/calendar with method=."""

from datetime import datetime, timedelta
from html import escape
from random import Random

from infra.local.google.corpus import mime
from infra.local.google.corpus.letter import (
    Letter,
    Person,
    Written,
    finish_received,
    new_message_id,
)

_MAYA = Person("Maya Okafor", "maya@harbourlight.example")
_HANNAH = Person("Hannah Brandt", "hannah.brandt@northfold.example")
_KAETHE = Person("Käthe Weiß", "kaethe@werkhof.example")
_SATO = Person("佐藤 健一", "k.sato@kawabata-shoji.example")
_ELOISE = Person("Éloïse Garnier", "eloise.garnier@ateliers-lumen.example")
_EVENTS = (
    (_HANNAH, "Planning, week by week", "Room Aurora, 3rd floor", 60),
    (_MAYA, "Coffee with Maya", "Tidewater, Quay Street 4", 45),
    (_HANNAH, "Quarterly review", "https://meet.example/qrx-amvd-tne", 90),
    (_KAETHE, "Ortstermin: neuer Prüfstand", "Werkhof, Tor 3", 30),
    (_SATO, "歓送迎会", "居酒屋 かもめ", 120),
    (_ELOISE, "Réunion de chantier", "12 rue du Port", 60),
    (_MAYA, "Design critique \U0001f58d\ufe0f", "https://meet.example/crit-2026", 60),
    (_KAETHE, "Elternabend 4b", "Schule am Hang, Raum 12", 90),
)
_KINDS = (
    ("REQUEST", "Invitation: {} @ {:%a %d %b %Y %H:%M} (UTC)", "has invited you to"),
    ("REQUEST", "Updated invitation: {} @ {:%a %d %b %Y %H:%M} (UTC)", "has changed"),
    ("CANCEL", "Cancelled: {} @ {:%a %d %b %Y %H:%M} (UTC)", "has cancelled"),
    ("REPLY", "Accepted: {} @ {:%a %d %b %Y %H:%M} (UTC)", "has accepted"),
)


_CARD = """<div style="font-family:Roboto,Arial,sans-serif;max-width:520px;border:1px solid \
#dadce0;border-radius:8px;padding:20px 24px;color:#3c4043">
<h2 style="font-size:18px;font-weight:500;margin:0 0 16px">{}</h2>
<table style="font-size:14px;line-height:22px">
{}</table></div>
"""
_LINE = """<tr><td style="color:#70757a;padding:3px 24px 3px 0">{}</td><td>{}</td></tr>
"""


def invitation(rng: Random, owner: Person, at: datetime) -> Written:
    """Write one calendar message, its ICS both as an alternative and as an attachment."""
    organiser, title, place, minutes = rng.choice(_EVENTS)
    method, subject, verb = rng.choices(_KINDS, (60, 15, 8, 17))[0]
    start = _weekday(at + timedelta(days=rng.randint(1, 20))).replace(
        hour=rng.randint(7, 17), minute=rng.choice((0, 0, 30)), second=0, microsecond=0
    )
    uid = f"{rng.getrandbits(104):026x}@calendar.example"
    people = (owner, organiser) if method == "REPLY" else (organiser, owner)
    ics = _ics(method, uid, people, (title, place), (at, start, start + timedelta(minutes=minutes)))
    plain = f"{organiser.name} {verb}: {title}\n\nWhen: {start:%A %d %B %Y, %H:%M} UTC\n"
    plain += f"Where: {place}\nWho: {organiser.name} (organiser), {owner.name}\n"
    body = mime.multipart("mixed", f"cal{uid[:20]}m", _parts(method, plain, ics, uid))
    letter = Letter(
        organiser,
        mime.address(owner.name, owner.mailbox),
        subject.format(title, start),
        at,
        f"calendar-{new_message_id(rng, 'calendar.example')}",
        more=f"Sender: Calendar <calendar-notification@calendar.example>\n"
        f"Reply-To: {organiser.mailbox}\n".encode(),
    )
    return Written(finish_received(rng, owner, letter, body))


def _weekday(at: datetime) -> datetime:
    """Move a Saturday or Sunday to Monday."""
    return at + timedelta(days=max(0, 7 - at.weekday()) if at.weekday() > _FRIDAY else 0)


_FRIDAY = 4


def _parts(method: str, plain: str, ics: str, uid: str) -> tuple[bytes, bytes]:
    first, *rest = (escape(line, quote=False) for line in plain.split("\n") if line)
    event = mime.base64_lines(ics.replace("\n", "\r\n").encode())
    calendar = (
        f'Content-Type: text/calendar; charset="UTF-8"; method={method}\n'
        "Content-Transfer-Encoding: base64\n\n"
    ).encode() + event
    page = _CARD.format(first, "".join(_LINE.format(*line.split(": ", 1)) for line in rest))
    choices = (mime.text_part(plain), mime.text_part(page, subtype="html"), calendar)
    inner = mime.multipart("alternative", f"cal{uid[:20]}a", choices)
    return inner, mime.attachment("application/ics", "invite.ics", event)


def _ics(
    method: str,
    uid: str,
    people: tuple[Person, Person],
    what: tuple[str, str],
    times: tuple[datetime, datetime, datetime],
) -> str:
    stamp, start, end = (f"{each:%Y%m%dT%H%M%SZ}" for each in times)
    organiser, guest = people
    answer = "ACCEPTED" if method == "REPLY" else "NEEDS-ACTION"
    status = "CANCELLED" if method == "CANCEL" else "CONFIRMED"
    place = what[1].replace(",", r"\,")
    lines = (
        "BEGIN:VCALENDAR",
        "PRODID:-//Example//Calendar 70.9054//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"DTSTART:{start}",
        f"DTEND:{end}",
        f"DTSTAMP:{stamp}",
        f"ORGANIZER;CN={organiser.name}:mailto:{organiser.mailbox}",
        f"UID:{uid}",
        f"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};RSVP=TRUE",
        f" ;CN={guest.name}:mailto:{guest.mailbox}",
        f"LOCATION:{place}",
        "SEQUENCE:0",
        f"STATUS:{status}",
        f"SUMMARY:{what[0]}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "\n".join(lines) + "\n"
