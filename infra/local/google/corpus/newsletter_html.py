"""The HTML newsletters are laid in: tables and inline CSS, as mail programs still demand."""

FONT = "font-family:Helvetica Neue,Helvetica,Arial,sans-serif"

# Campaign tools put out such classes by the dozen, whether a letter uses them or not.
_UTILITIES = "\n  ".join(
    f".{kind}-{side}-{step * 4} {{ {word}-{side}:{step * 4}px !important; }}"
    for kind, word in (("m", "margin"), ("p", "padding"))
    for side in ("top", "right", "bottom", "left")
    for step in range(1, 13)
).replace("%", "%%")

TOP = f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" \
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
  {_UTILITIES}
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
<span style="color:#ffffff;{FONT};font-size:20px;font-weight:700;vertical-align:middle;">\
&nbsp;%(name)s</span></a></td></tr>
<tr><td class="card" style="background-color:#ffffff;padding:32px 32px 8px 32px;">
<h1 class="hero ink" style="margin:0 0 18px 0;{FONT};font-size:30px;line-height:36px;\
color:#1d1d1f;font-weight:700;text-align:%(side)s;">%(subject)s</h1>
<img src="https://images.example/%(domain)s/hero.jpg?w=1072" width="536" height="190" \
alt="%(name)s" style="display:block;width:100%%;max-width:536px;background:linear-gradient(120deg,\
%(colour)s,%(accent)s);border-radius:8px;{FONT};font-size:26px;line-height:190px;color:#ffffff;\
text-align:center;" />
</td></tr>
"""

BLOCK = f"""<tr><td class="card column" style="background-color:#ffffff;padding:16px 32px;">
<table role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%%">
<tr>
<td width="132" valign="top" style="width:132px;padding:8px;">
<a href="https://%(domain)s/c/%(token)s/%(n)d?utm_source=newsletter&amp;utm_medium=email" \
style="text-decoration:none;"><img src="https://images.example/%(domain)s/%(n)d.jpg?w=264" \
width="132" height="132" alt="" style="display:block;border-radius:8px;\
background:linear-gradient(120deg,%(accent)s,%(colour)s);" /></a></td>
<td valign="top" style="padding:8px;text-align:%(side)s;">
<h2 class="ink" style="margin:0 0 8px 0;{FONT};font-size:19px;line-height:25px;color:%(colour)s;\
font-weight:600;">%(title)s</h2>
<p class="ink" style="margin:0 0 14px 0;{FONT};font-size:15px;line-height:23px;color:#3a3a3c;">\
%(text)s</p>
<table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr>
<td align="center" bgcolor="%(accent)s" style="border-radius:20px;">
<a href="https://%(domain)s/c/%(token)s/%(n)d?utm_source=newsletter&amp;utm_medium=email&amp;\
utm_content=button" target="_blank" style="display:inline-block;padding:9px 20px;{FONT};\
font-size:14px;font-weight:600;color:#ffffff;text-decoration:none;border-radius:20px;\
border:1px solid %(accent)s;">%(more)s</a></td></tr></table>
</td>
</tr>
<tr><td colspan="2" style="padding:12px 0 0 0;"><div style="height:1px;line-height:1px;\
background-color:#e5e5ea;font-size:1px;">&nbsp;</div></td></tr>
</table></td></tr>
"""

EARLIER = f"""<td class="column card" width="50%%" valign="top" style="width:50%%;padding:9px;\
background-color:#ffffff;border:1px solid #eee;text-align:%(side)s;">
<a href="https://%(domain)s/c/%(token)s/back/%(n)d?utm_source=newsletter&amp;utm_medium=email&amp;\
utm_content=earlier" target="_blank" style="text-decoration:none;color:%(colour)s;">
<img src="https://images.example/%(domain)s/back/%(n)d.jpg?w=496" width="248" height="140" alt="" \
style="display:block;width:100%%;max-width:248px;height:auto;\
border-radius:6px;background:linear-gradient(120deg,%(colour)s,%(accent)s);margin:0 0 10px 0;" />
<span class="ink" style="display:block;{FONT};font-size:15px;line-height:20px;font-weight:600;\
color:%(colour)s;padding:0 0 4px 0;mso-line-height-rule:exactly;">%(title)s</span>
<span style="display:block;{FONT};font-size:13px;line-height:19px;font-weight:400;color:#6e6e73;\
padding:0 0 6px 0;mso-line-height-rule:exactly;">%(text)s</span></a>
<!--[if mso]><table cellpadding="0" cellspacing="0" border="0" width="248"><tr><td height="1" \
style="font-size:1px;line-height:1px;mso-line-height-rule:exactly;">&nbsp;</td></tr></table>\
<![endif]-->
</td>
"""

ROW = """<tr><td class="card" style="background-color:#ffffff;padding:0 22px;"><table \
role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%%"><tr>
%s%s</tr></table></td></tr>
"""

BOTTOM = f"""<tr><td style="background-color:#ffffff;border-radius:0 0 10px 10px;\
padding:20px 32px 32px 32px;" class="card" align="center">
<a href="https://social.example/%(domain)s" style="text-decoration:none;"><img width="24" \
height="24" alt="" src="https://images.example/icons/heart.png" style="margin:0 6px;" /></a>
<a href="https://photos.example/%(domain)s" style="text-decoration:none;"><img width="24" \
height="24" alt="" src="https://images.example/icons/camera.png" style="margin:0 6px;" /></a>
</td></tr>
<tr><td align="center" style="padding:20px 32px;{FONT};font-size:12px;line-height:18px;\
color:#8e8e93;">%(name)s &middot; 12 Harbour Lane &middot; 0000 Anywhere<br />%(why)s<br />
<a href="https://%(domain)s/u/%(token)s" style="color:#8e8e93;text-decoration:underline;">\
%(unsubscribe)s</a></td></tr>
</table></td></tr></table>
<img src="http://images.example/o/%(token)s.gif" width="1" height="1" alt="" border="0" \
style="height:1px !important;width:1px !important;border-width:0 !important;margin:0;padding:0;" />
</body></html>
"""
