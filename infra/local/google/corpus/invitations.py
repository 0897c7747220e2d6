"""Calendar mail: invitations, answers and cancellations, as text/calendar with method=."""

from datetime import datetime, timedelta
from random import Random

from infra.local.google.corpus import mime
from infra.local.google.corpus.letter import Letter, Person, Written, new_message_id, received

_EVENTS = (
    ("Planning, week by week", "Room Aurora, 3rd floor", 60),
    ("Coffee with Maya", "Tidewater, Quay Street 4", 45),
    ("Quarterly review", "https://meet.example/qrx-amvd-tne", 90),
    ("Zahnarzt: Kontrolle", "Praxis am Markt", 30),
    ("歓送迎会", "居酒屋 かもめ", 120),
    ("Réunion de chantier", "12 rue du Port", 60),
    ("Design critique \U0001f58d\ufe0f", "https://meet.example/crit-2026", 60),
    ("Elternabend 4b", "Schule am Hang, Raum 12", 90),
)
_ORGANISERS = (
    Person("Maya Okafor", "maya@harbourlight.example"),
    Person("Hannah Brandt", "hannah.brandt@northfold.example"),
    Person("Käthe Weiß", "kaethe@werkhof.example"),
    Person("佐藤 健一", "k.sato@kawabata-shoji.example"),
)
_KINDS = (
    ("REQUEST", "Invitation: {} @ {:%a %d %b %Y %H:%M} (UTC)", "has invited you to"),
    ("REQUEST", "Updated invitation: {} @ {:%a %d %b %Y %H:%M} (UTC)", "has changed"),
    ("CANCEL", "Cancelled: {} @ {:%a %d %b %Y %H:%M} (UTC)", "has cancelled"),
    ("REPLY", "Accepted: {} @ {:%a %d %b %Y %H:%M} (UTC)", "has accepted"),
)


def invitation(rng: Random, owner: Person, at: datetime) -> Written:
    """Write one calendar message, its ICS both as an alternative and as an attachment."""
    title, place, minutes = rng.choice(_EVENTS)
    organiser = rng.choice(_ORGANISERS)
    method, subject, verb = rng.choices(_KINDS, (60, 15, 8, 17))[0]
    start = (at + timedelta(days=rng.randint(1, 20))).replace(
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
    return Written(received(rng, owner, letter, body))


def _parts(method: str, plain: str, ics: str, uid: str) -> tuple[bytes, bytes]:
    shown = "".join(f"<p>{line}</p>\n" for line in plain.split("\n") if line)
    event = mime.base64_lines(ics.replace("\n", "\r\n").encode())
    calendar = (
        f'Content-Type: text/calendar; charset="UTF-8"; method={method}\n'
        "Content-Transfer-Encoding: base64\n\n"
    ).encode() + event
    page = f'<div style="font-family:Roboto,sans-serif;font-size:14px">{shown}</div>\n'
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
