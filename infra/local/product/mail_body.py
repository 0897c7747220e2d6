"""A message's HTML as a document that can do nothing.

Three walls, each enough alone for scripts: what could act is cut out, the answer's own
Content-Security-Policy allows nothing but inline styles and chosen images, and the frame that
shows it is sandboxed without scripts (the policy repeats the sandbox for whoever opens the
address by itself). Remote images tell a sender that, when and where a mail was read: they stay
out until the reader asks for them, for this message, this time.
"""

import re
from typing import Final
from urllib.parse import quote

from selectolax.lexbor import LexborHTMLParser

ACTIVE: Final = (
    "script, link, meta, base, title, iframe, frame, frameset, object, embed, applet, "
    "audio, video, noscript, template"
)
REMOTE: Final = re.compile(
    r"""\b(?:src|srcset|background)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?\s*(?:https?:)?//""",
    re.IGNORECASE,
)
OUTSIDE: Final = ("http:", "https:", "//")
CID: Final = re.compile(r"""(?<=["'(=])\s*cid:([^"'\s)>]+)""", re.IGNORECASE)
SANDBOX: Final = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
"""Never `allow-scripts`: with it, `allow-same-origin` would open the sandbox."""
PAGE: Final = """<!doctype html>
<html><head><meta charset="utf-8"><base target="_blank">
<style>
:root { color-scheme: light; }
html { overflow-y: hidden; }
html, body { height: auto !important; min-height: 0 !important; }
body { margin: 0; padding: 12px 10px; background: #fff; color: #1b1f27; overflow-wrap: anywhere;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
img { max-width: 100%; }
pre { white-space: pre-wrap; }
blockquote { margin: 0 0 0 4px; padding-left: 12px; border-left: 3px solid #d8dce5; }
</style></head><body>
"""


def shows_remote_images(html: str) -> bool:
    """Whether showing the HTML in full would fetch something from outside."""
    return REMOTE.search(html) is not None


def document(html: str, inline: str, *, remote_images: bool = False) -> str:
    """Answer the HTML as a harmless page; `inline` is where images of its own are found."""
    tree = LexborHTMLParser(html)
    for node in tree.css(ACTIVE):
        node.decompose()
    if not remote_images:
        _take_out_images(tree)
    styles = "".join(node.html or "" for node in tree.css("head style"))
    body = tree.body.html if tree.body is not None else ""
    own = CID.sub(lambda found: inline + quote(found[1], safe=""), f"{styles}{body}")
    return f"{PAGE}{own}</body></html>"


def _take_out_images(tree: LexborHTMLParser) -> None:
    """Leave the texts that stand for remote images; what styles ask for, the policy refuses."""
    for node in tree.css("[src], [srcset], [background]"):
        for name in ("src", "srcset", "background"):
            if (node.attributes.get(name) or "").strip().lower().startswith(OUTSIDE):
                del node.attrs[name]


def policy(inline: str, *, remote_images: bool) -> str:
    """Answer the Content-Security-Policy of such a page; `inline` is an absolute address."""
    images = f"{inline} data:" + (" https: http:" if remote_images else "")
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {images}; sandbox {SANDBOX}; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
