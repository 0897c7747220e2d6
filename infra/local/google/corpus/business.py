"""Mail that machines send to one person: invoices, parcels, alerts, reports, social notices."""

from datetime import datetime, timedelta
from html import escape
from random import Random

from infra.local.google.corpus import files, mime
from infra.local.google.corpus.letter import (
    Letter,
    Person,
    Written,
    finish_received,
    new_message_id,
)

_UPDATES = ("CATEGORY_UPDATES",)


def invoice(rng: Random, owner: Person, at: datetime) -> Written:
    """Write an invoice with its PDF."""
    seller, address, items = rng.choice(_SELLERS)
    number = f"{at:%Y}-{rng.randrange(1000, 99999)}"
    bought = rng.sample(items, rng.randint(1, len(items)))
    rows = [(item, rng.randrange(900, 48000)) for item in bought]
    total = sum(cents for _, cents in rows)
    due = at + timedelta(days=14)
    intro = (
        f"Hello {owner.first},",
        (
            f"here is invoice {number} over {_money(total)}, due on {due:%d %B %Y}. "
            "The amount will be collected from your usual account; there is nothing to do."
        ),
        "The PDF is attached for your records.",
    )
    table = [(what, _money(cents)) for what, cents in rows] + [("Total", _money(total))]
    lines = (seller, f"Invoice {number}", f"{at:%Y-%m-%d}", "", owner.name, owner.mailbox, "")
    sheet = files.pdf((*lines, *(f"{what:<40.40} {sum_}".encode("ascii", "replace").decode()
                                 for what, sum_ in table)))  # fmt: skip
    parts = [mime.attachment("application/pdf", f"invoice-{number}.pdf", mime.base64_lines(sheet))]
    sender = Person(seller, address)
    return _notice(rng, owner, at, sender, f"Invoice {number} from {seller}", intro, table, parts)


def parcel(rng: Random, owner: Person, at: datetime) -> Written:
    """Write an order or delivery notice."""
    sender, subject, *intro = rng.choice(_PARCELS)
    number = f"{rng.randrange(10**9, 10**10)}"
    town = rng.choice(("Ashby", "Nordhaven", "Sint-Anna", "Kvarnby", "Porto Lume"))
    fill = {"number": number, "town": town, "first": owner.first, "day": f"{at:%A}"}
    table = [("Tracking number", number), ("Last seen", f"{town}, {at:%d %b %H:%M}")]
    said = tuple(each.format(**fill) for each in intro)
    return _notice(rng, owner, at, sender, subject.format(**fill), said, table)


def alert(rng: Random, owner: Person, at: datetime) -> Written:
    """Write a security or service alert, a code to type in, or a monthly statement."""
    sender, subject, *intro = rng.choice(_ALERTS)
    fill = {
        "first": owner.first,
        "code": f"{rng.randrange(10**6):06d}",
        "when": f"{at:%d %b %Y, %H:%M} UTC",
        "ip": f"203.0.113.{rng.randrange(1, 255)}",
        "place": rng.choice(("Lisbon", "Aarhus", "Graz", "Osaka", "Leeds")),
        "amount": _money(rng.randrange(800, 90000)),
        "count": rng.randrange(3, 90),
    }
    said = tuple(each.format(**fill) for each in intro)
    return _notice(rng, owner, at, sender, subject.format(**fill), said, [])


def report(rng: Random, owner: Person, at: datetime) -> Written:
    """Write a scheduled report with a spreadsheet export."""
    name = rng.choice(("Weekly active customers", "Signups by channel", "Open invoices", "Uptime"))
    intro = (
        f"Your scheduled report \u201c{name}\u201d for the week of {at:%d %B} is ready.",
        f"Compared with the week before: {rng.choice('+-')}{rng.randrange(1, 18)}.4 %.",
        "The full table is attached as CSV.",
    )
    table = [
        (f"{at - timedelta(days=n):%a %d %b}", str(rng.randrange(120, 4200))) for n in range(7)
    ]
    data = mime.base64_lines(files.csv("value", rng.randrange(40, 160), rng))
    filename = f"{name.lower().replace(' ', '-')}-{at:%G-W%V}.csv"
    parts = [mime.attachment("text/csv", filename, data)]
    sender = Person("Gauge Reports", "reports@gauge.example")
    return _notice(rng, owner, at, sender, f"[Gauge] {name}", intro, table, parts)


def social(rng: Random, owner: Person, at: datetime) -> Written:
    """Write a notice from a social network."""
    who = rng.choice(_FRIENDS)
    subject, text = rng.choice(_SOCIAL)
    said = (f"Hi {owner.first},", text.format(who=who), "See what else you missed on Commonplace.")
    sender = Person(f"{who} via Commonplace", "notify@commonplace.example")
    written = _notice(rng, owner, at, sender, subject.format(who=who), said, [])
    return Written(written.raw, ("CATEGORY_SOCIAL",))


def _money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d} \u20ac"


def _notice(
    rng: Random,
    owner: Person,
    at: datetime,
    sender: Person,
    subject: str,
    said: tuple[str, ...],
    table: list[tuple[str, str]],
    attached: list[bytes] | None = None,
) -> Written:
    rows = "".join(f"{left}: {right}\n" for left, right in table)
    plain = mime.text_part("\n\n".join(said) + f"\n\n{rows}\n-- \n{sender.name}\n")
    page = mime.text_part(_page(sender, said, table), subtype="html")
    token = f"{rng.getrandbits(96):024x}"
    body = mime.multipart("alternative", f"--=_Part_{token}", (plain, page))
    if attached:
        body = mime.multipart("mixed", f"--=_Mixed_{token}", (body, *attached))
    letter = Letter(
        sender,
        mime.address(owner.name, owner.mailbox),
        subject,
        at,
        new_message_id(rng, sender.domain),
        more=b"Auto-Submitted: auto-generated\n" if token[0] < "8" else b"",
    )
    return Written(finish_received(rng, owner, letter, body), _UPDATES)


def _page(sender: Person, said: tuple[str, ...], table: list[tuple[str, str]]) -> str:
    paragraphs = "".join(_PARAGRAPH.format(escape(each, quote=False)) for each in said)
    rows = "".join(_ROW.format(escape(left), right) for left, right in table)
    grid = f'<table width="100%" style="border-collapse:collapse">\n{rows}</table>' if rows else ""
    return _FRAME % (sender.name, paragraphs + grid, sender.domain, sender.domain)


_PARAGRAPH = '<p style="margin:0 0 16px;font-size:15px;line-height:24px;color:#24292f">{}</p>\n'
_ROW = (
    '<tr><td style="padding:10px 0;border-bottom:1px solid #e6e8eb;font-size:14px;color:#57606a">'
    '{}</td><td align="right" style="padding:10px 0;border-bottom:1px solid #e6e8eb;'
    'font-size:14px;color:#24292f;font-variant-numeric:tabular-nums">{}</td></tr>\n'
)
_FRAME = """<!doctype html>
<html><body style="margin:0;background:#f6f8fa">
<table role="presentation" width="100%%" cellpadding="0" cellspacing="0" style="background:#f6f8fa">
<tr><td align="center" style="padding:32px 12px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="max-width:560px;\
background:#ffffff;border:1px solid #d8dee4;border-radius:8px;font-family:-apple-system,\
Segoe UI,Roboto,Helvetica,Arial,sans-serif">
<tr><td style="padding:24px 32px 0;font-size:17px;font-weight:600;color:#24292f">%s</td></tr>
<tr><td style="padding:20px 32px 28px">%s</td></tr></table>
<p style="font-family:Arial,sans-serif;font-size:12px;color:#8c959f;margin:16px 0">\
Sent by <a href="https://%s/" style="color:#8c959f">%s</a>. Replies are not read.</p>
</td></tr></table></body></html>
"""

_SELLERS = (
    ("Brightwater Hosting", "billing@brightwater.example",
     ("Server M-4, one month", "Backup storage, 500 GB", "Domain renewal", "Extra traffic")),
    ("Paper & Ink Supplies", "accounts@paperandink.example",
     ("Copy paper A4, 10 boxes", "Toner, black", "Envelopes C5", "Label rolls")),
    ("Studio Nightjar", "hello@nightjar.example",
     ("Illustration, full page", "Logo revisions", "Photo retouching, per image")),
    ("Green Line Energy", "service@greenline.example",
     ("Electricity, kWh at 0.27", "Grid fee", "Basic monthly charge")),
    ("Meterhaus GmbH", "rechnung@meterhaus.example",
     ("Zähler-Miete", "Ablesung", "Heizkosten-Abschlag")),
)  # fmt: skip

_PARCELS = (
    (Person("Swiftpost", "tracking@swiftpost.example"),
     "Your parcel {number} is on its way",
     "Good news, {first}! Your parcel left the depot in {town} this morning.",
     "We expect to ring your bell on {day} between 9:00 and 13:00."),
    (Person("Swiftpost", "tracking@swiftpost.example"),
     "Delivered: parcel {number}",
     "Your parcel was handed to a neighbour in {town}. The card in your letterbox says whom."),
    (Person("Odd Socks Ltd.", "orders@oddsocks.example"),
     "Thanks for your order #{number}",
     "Thank you, {first}! Three single socks are being chosen for you right now.",
     "We'll write again when they leave {town}."),
    (Person("Northlight Tickets", "tickets@northlight.example"),
     "Your tickets for Saturday (booking {number})",
     "Here are your two tickets, {first}. Show this mail at the door, on paper or on the phone.",
     "Doors open an hour before. The cloakroom takes umbrellas, coats and small dogs."),
    (Person("Green Basket", "hello@greenbasket.example"),
     "Your basket arrives on {day}",
     "This week: beetroot, two kinds of kale, pears, and the eggs you asked for.",
     "Not at home? Tell us by noon and we leave it with your neighbour in {town}."),
    (Person("Rail & Sail", "bookings@railandsail.example"),
     "Booking {number}: {town}, two seats by the window",
     "Your seats are 41 and 42 in carriage 7. The train leaves from platform 3 on {day} at 8:12.",
     "Free changes until the evening before."),
    (Person("Book Ferry", "shop@bookferry.example"),
     "\U0001f4da Order {number}: shipped",
     "\u201cThe Salt Roads\u201d and one more book have left our warehouse in {town}.",
     "If they reach you with bent corners, tell us and keep them."),
)  # fmt: skip

_ALERTS = (
    (Person("Keyhole", "security@keyhole.example"),
     "New sign-in from {place}",
     "Hello {first}, your account was used to sign in on {when} from {place} ({ip}).",
     ("If this was you, there is nothing to do. If not, change your password and sign out "
     "everywhere.")),
    (Person("Keyhole", "security@keyhole.example"),
     "{code} is your sign-in code",
     "Type {code} to sign in. It works for ten minutes.",
     "Nobody from Keyhole will ever ask you for this code."),
    (Person("Brightwater Status", "status@brightwater.example"),
     "[Resolved] Increased error rate in eu-2",
     ("Between 09:14 and 09:41 UTC about 2 % of requests in eu-2 failed. A configuration change "
     "was rolled back and the error rate is normal again."),
     "We will publish a full report within five days. We are sorry."),
    (Person("Anchor Bank", "no-reply@anchorbank.example"),
     "Card payment of {amount}",
     "Your card ending in 0042 was charged {amount} on {when}.",
     "You can turn these messages off in the app under Cards, Notifications."),
    (Person("City Library", "library@city.example"),
     "{count} days left: please return or renew",
     "Dear {first}, two items on your card are due soon. You may renew each of them twice.",
     "Opening hours this week: Tuesday to Saturday, 10 to 19."),
    (Person("Anchor Bank", "no-reply@anchorbank.example"),
     "Your statement is ready",
     ("Dear {first}, your monthly statement is in your document box. The balance at the end of the "
     "month was {amount}.")),
    (Person("Pier CI", "ci@pier.example"),
     "[pier] Build {code} failed on main",
     ("Stage test failed after 4 min {count} s. 1 of 812 tests: "
     "test_a_closed_store_refuses_writes."),
     "Last green build: yesterday evening. 3 commits since then."),
    (Person("Sunny Dental", "praxis@sunnydental.example"),
     "Time for your check-up",
     ("Hello {first}, your last visit was about six months ago. Pick a time that suits you, online "
     "or by phone.")),
    (Person("Weather for cyclists", "daily@windandrain.example"),
     "Tomorrow: dry until four, then not",
     "Morning 7 degrees, light wind from the west. From 16:00 showers, {count} % likely."),
    (Person("Disk Watch", "alerts@brightwater.example"),
     "[WARN] /var on db-3 is {count}% full",
     "Host db-3, mount /var: {count}% used. The rate of the last day fills it in nine days."),
)  # fmt: skip

_FRIENDS = ("Leila Haddad", "Jürgen Groß", "佐藤 健一", "Ben Carver", "Åsa Öberg", "Noor Rahimi")
_SOCIAL = (
    ("{who} commented on your photo",
     "{who} wrote: \u201cIs that the old lighthouse? I nearly drove past it!\u201d"),
    ("{who} wants to connect", "{who} would like to add you to their contacts on Commonplace."),
    ("You have 3 new messages", "{who} and two others have written to you while you were away."),
    ("{who} invited you to \u201cMidsummer on the roof\u201d",
     "{who} is going, and 14 more people you know."),
)  # fmt: skip
