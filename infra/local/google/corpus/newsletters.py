"""Newsletters: table layout, inline CSS, remote images, a tracking pixel, List-Unsubscribe."""

from datetime import datetime
from random import Random

from infra.local.google.corpus import mime
from infra.local.google.corpus.brands import ENGLISH, Brand
from infra.local.google.corpus.brands_elsewhere import ELSEWHERE
from infra.local.google.corpus.letter import (
    Letter,
    Person,
    Written,
    new_message_id,
    received,
)

_BRANDS = (*ENGLISH, *ENGLISH, *ENGLISH, *ELSEWHERE)
_FONT = "font-family:Helvetica Neue,Helvetica,Arial,sans-serif"


def newsletter(rng: Random, owner: Person, at: datetime) -> Written:
    """Write one issue of one brand's newsletter."""
    brand = rng.choice(_BRANDS)
    subject = rng.choice(brand.subjects)
    articles = rng.sample(brand.articles, rng.randint(2, len(brand.articles)))
    token = f"{rng.getrandbits(160):040x}"
    plain = mime.text_part(_plain(brand, articles, token), brand.charset)
    page = mime.text_part(_page(brand, subject, articles, token), brand.charset, "html")
    body = mime.multipart("alternative", f"_----{token[:22]}===_{token[22:26]}", (plain, page))
    letter = Letter(
        Person(brand.name, brand.mailbox),
        owner.mailbox.encode(),
        subject,
        at,
        new_message_id(rng, brand.mailbox.partition("@")[2]),
        brand.charset,
        more=_list_headers(brand, token),
    )
    return Written(received(rng, owner, letter, body), (brand.category,))


def _list_headers(brand: Brand, token: str) -> bytes:
    domain = brand.mailbox.partition("@")[2]
    return (
        f"List-Unsubscribe: <https://{domain}/u/{token}>,\n <mailto:unsubscribe@{domain}"
        f"?subject={token[:12]}>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
        f"List-ID: <newsletter.{domain}>\nPrecedence: bulk\n"
        f"Feedback-ID: {token[:6]}:{token[6:10]}:campaign:postal\n"
        f"X-Campaign: {token[10:18]}\n"
    ).encode()


def _plain(brand: Brand, articles: list[tuple[str, str]], token: str) -> str:
    domain = brand.mailbox.partition("@")[2]
    blocks = [f"{title}\n\n{text}\n{brand.more}: https://{domain}/a/{token[:8]}\n"
              for title, text in articles]  # fmt: skip
    rule = "\n" + "-" * 64 + "\n\n"
    end = f"{brand.why}\n{brand.unsubscribe}: https://{domain}/u/{token}\n"
    return rule.join((f"{brand.name}\n", *blocks, end))


def _page(brand: Brand, subject: str, articles: list[tuple[str, str]], token: str) -> str:
    domain = brand.mailbox.partition("@")[2]
    look = {
        "colour": brand.colour,
        "accent": brand.accent,
        "name": brand.name,
        "domain": domain,
        "token": token,
        "more": brand.more,
        "dir": "rtl" if brand.rtl else "ltr",
        "side": "right" if brand.rtl else "left",
        "charset": brand.charset,
        "subject": subject,
        "why": brand.why,
        "unsubscribe": brand.unsubscribe,
        "preview": articles[0][1][:90],
    }
    blocks = [
        _BLOCK % {**look, "n": n, "title": title, "text": text}
        for n, (title, text) in enumerate(articles, 1)
    ]
    return _TOP % look + "".join(blocks) + _BOTTOM % look


_TOP = f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" \
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" dir="%(dir)s">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=%(charset)s" />
<meta name="viewport" content="width=device-width, initial-scale=1.0" />
<title>%(subject)s</title>
<style type="text/css">
  body, table, td, a {{ -webkit-text-size-adjust:100%%; -ms-text-size-adjust:100%%; }}
  table, td {{ mso-table-lspace:0pt; mso-table-rspace:0pt; border-collapse:collapse; }}
  img {{ border:0; height:auto; line-height:100%%; outline:none; text-decoration:none; }}
  @media screen and (max-width:600px) {{
    .container {{ width:100%% !important; }}
    .column {{ display:block !important; width:100%% !important; padding:0 16px !important; }}
    .hero {{ font-size:26px !important; line-height:32px !important; }}
  }}
  @media (prefers-color-scheme: dark) {{
    .card {{ background-color:#1c1c1e !important; }}
    .ink {{ color:#f2f2f7 !important; }}
  }}
</style>
</head>
<body style="margin:0;padding:0;background-color:#f4f2ee;">
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">%(preview)s</div>
<table role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%%" \
style="background-color:#f4f2ee;">
<tr><td align="center" style="padding:24px 8px;">
<table role="presentation" class="container" border="0" cellpadding="0" cellspacing="0" \
width="600" style="width:600px;max-width:600px;">
<tr><td style="background-color:%(colour)s;padding:28px 32px;border-radius:10px 10px 0 0;">
<a href="https://%(domain)s/?r=%(token).16s" style="text-decoration:none;">\
<img src="https://images.example/%(domain)s/logo.png" width="36" height="36" alt="" \
style="vertical-align:middle;border-radius:18px;" />
<span style="color:#ffffff;{_FONT};font-size:20px;font-weight:700;vertical-align:middle;">\
&nbsp;%(name)s</span></a></td></tr>
<tr><td class="card" style="background-color:#ffffff;padding:32px 32px 8px 32px;">
<h1 class="hero ink" style="margin:0 0 18px 0;{_FONT};font-size:30px;line-height:36px;\
color:#1d1d1f;font-weight:700;text-align:%(side)s;">%(subject)s</h1>
<img src="https://images.example/%(domain)s/hero.jpg?w=1072" width="536" height="280" \
alt="%(name)s" style="display:block;width:100%%;max-width:536px;background:%(accent)s;\
border-radius:8px;" />
</td></tr>
"""

_BLOCK = f"""<tr><td class="card column" style="background-color:#ffffff;padding:16px 32px;">
<table role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%%">
<tr>
<td width="132" valign="top" style="width:132px;padding:8px 16px 8px 0;">
<a href="https://%(domain)s/c/%(token)s/%(n)d?utm_source=newsletter&amp;utm_medium=email" \
style="text-decoration:none;"><img src="https://images.example/%(domain)s/%(n)d.jpg?w=264" \
width="132" height="132" alt="" style="display:block;border-radius:8px;background:%(accent)s;" />\
</a></td>
<td valign="top" style="padding:8px 0;text-align:%(side)s;">
<h2 class="ink" style="margin:0 0 8px 0;{_FONT};font-size:19px;line-height:25px;color:%(colour)s;\
font-weight:600;">%(title)s</h2>
<p class="ink" style="margin:0 0 14px 0;{_FONT};font-size:15px;line-height:23px;color:#3a3a3c;">\
%(text)s</p>
<table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr>
<td align="center" bgcolor="%(accent)s" style="border-radius:20px;">
<a href="https://%(domain)s/c/%(token)s/%(n)d?utm_source=newsletter&amp;utm_medium=email&amp;\
utm_content=button" target="_blank" style="display:inline-block;padding:9px 20px;{_FONT};\
font-size:14px;font-weight:600;color:#ffffff;text-decoration:none;border-radius:20px;\
border:1px solid %(accent)s;">%(more)s</a></td></tr></table>
</td>
</tr>
<tr><td colspan="2" style="padding:12px 0 0 0;"><div style="height:1px;line-height:1px;\
background-color:#e5e5ea;font-size:1px;">&nbsp;</div></td></tr>
</table></td></tr>
"""

_BOTTOM = f"""<tr><td style="background-color:#ffffff;border-radius:0 0 10px 10px;\
padding:20px 32px 32px 32px;" class="card" align="center">
<a href="https://social.example/%(domain)s" style="text-decoration:none;"><img width="24" \
height="24" alt="" src="https://images.example/icons/heart.png" style="margin:0 6px;" /></a>
<a href="https://photos.example/%(domain)s" style="text-decoration:none;"><img width="24" \
height="24" alt="" src="https://images.example/icons/camera.png" style="margin:0 6px;" /></a>
</td></tr>
<tr><td align="center" style="padding:20px 32px;{_FONT};font-size:12px;line-height:18px;\
color:#8e8e93;">%(name)s &middot; 12 Harbour Lane &middot; 0000 Anywhere<br />%(why)s<br />
<a href="https://%(domain)s/u/%(token)s" style="color:#8e8e93;text-decoration:underline;">\
%(unsubscribe)s</a></td></tr>
</table></td></tr></table>
<img src="http://images.example/o/%(token)s.gif" width="1" height="1" alt="" border="0" \
style="height:1px !important;width:1px !important;border-width:0 !important;margin:0;padding:0;" />
</body></html>
"""
