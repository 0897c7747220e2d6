"""A mail from a customer, for the button that has one delivered."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from random import choice
from typing import Final

CUSTOMERS: Final = (
    ("Mirjam Okafor", "Can we move Thursday's call?", "Something came up at the harbour office."),
    ("Tomás Rivera", "Invoice 2081 has the old address", "Could you send it again? We moved."),
    ("Yuki Tanaka", "Love the new dashboard", "The team noticed within minutes. Thank you!"),
    ("Léa Fontaine", "Import stops at row 4,012", "The rest of the file looks fine to me."),
    ("Olu Adeyemi", "Two more seats, please", "They start on Monday. Same plan as before."),
)


def sample_mail(to: str) -> bytes:
    """Return one of a few mails, dated now."""
    name, subject, line = choice(CUSTOMERS)
    message = EmailMessage(policy=SMTP)
    address = name.split()[0].lower().replace("á", "a").replace("é", "e") + "@customer.example"
    message["From"] = f"{name} <{address}>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = make_msgid(domain="customer.example")
    message.set_content(f"Hello,\n\n{line}\n\nBest wishes\n{name}\n")
    return bytes(message)
