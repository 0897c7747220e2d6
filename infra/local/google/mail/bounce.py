"""Delivery status notifications: what comes back from an address that does not exist (RFC 3464)."""

from datetime import datetime
from email.utils import format_datetime

from infra.local.google.mail.headers import split_head
from infra.local.google.mail.ids import new_rfc822_id

TEXT = """\
** Address not found **

Your message wasn't delivered to {address} because the address couldn't be found, or is unable to
receive mail.

The response from the remote server was:
550 5.1.1 The email account that you tried to reach does not exist.
"""

STATUS = """\
Reporting-MTA: dns; googlemail.com
Arrival-Date: {stamp}
X-Original-Message-ID: {message_id}

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
Last-Attempt-Date: {stamp}
"""


def bounce_message(
    original: bytes, email: str, address: str, message_id: str, now: datetime
) -> bytes:
    """Return the multipart/report telling `email` that `address` did not take the message."""
    stamp = format_datetime(now)
    boundary = f"dsn{new_rfc822_id()[4:24]}"
    head = (
        f"Delivered-To: {email}\n"
        "Return-Path: <>\n"
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
        f"To: {email}\n"
        "Auto-Submitted: auto-replied\n"
        "Subject: Delivery Status Notification (Failure)\n"
        f"Date: {stamp}\n"
        f"Message-ID: {new_rfc822_id()}\n"
        f"In-Reply-To: {message_id}\n"
        f"References: {message_id}\n"
        f"X-Failed-Recipients: {address}\n"
        "MIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"\n'
    )
    text = 'Content-Type: text/plain; charset="UTF-8"\n\n' + TEXT.format(address=address)
    status = "Content-Type: message/delivery-status\n\n" + STATUS.format(
        stamp=stamp, address=address, message_id=message_id
    )
    headers = split_head(original)[0].replace(b"\r\n", b"\n").decode("utf-8", "replace")
    returned = f"Content-Type: message/rfc822\n\n{headers}\n\n"
    body = "".join(f"\n--{boundary}\n{part}" for part in (text, status, returned))
    whole = f"{head}{body}\n--{boundary}--\n"
    return whole.replace("\n", "\r\n").encode()
