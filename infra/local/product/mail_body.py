"""A message's HTML as a document that can do nothing.

Three walls, each enough alone for scripts: what could act is cut out, the answer's own
Content-Security-Policy allows nothing but inline styles and chosen images, and the frame that
shows it is sandboxed without scripts (the policy repeats the sandbox for a browser that opens the
address by itself). Remote images tell a sender that, when and where a mail was read: they stay
out until the reader asks for them, for this message, this time.
"""

import re
from typing import Final
from urllib.parse import quote

CUT: Final = ("script", "title", "iframe", "noembed", "noframes")
"""Elements that go with their content, which is no markup."""
UNWRAPPED: Final = frozenset(
    "html head base link meta frame frameset object embed applet audio video noscript template svg"  # noqa: SIM905  twenty lines as a list
    " math textarea xmp plaintext".split()
)
"""Tags that act, load, or change how what follows is read; what stands between them stays."""
_VALUE: Final = r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)"""
_ATTRIBUTES: Final = rf"(?:[^>=]++|=\s*+{_VALUE}?+)*+"
TAG: Final = re.compile(
    rf"<(?:!--(?:-?>|.*?(?:--!?>|\Z))"
    rf"|(?P<close>/?)(?P<name>[a-z][^\s/>]*+)(?P<attributes>{_ATTRIBUTES})(?:>|\Z)"
    r"|[!?/][^>]*+(?:>|\Z))",
    re.IGNORECASE | re.DOTALL,
)
"""A tag or a comment; whatever is not ended takes the rest, so each character is read once."""
ATTRIBUTE: Final = re.compile(
    r"""([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+("[^"]*+"?+|'[^']*+'?+|[^\s>"'][^\s>]*+))?+"""
)
PLAIN_NAME: Final = re.compile(r"[a-z][a-z0-9:-]*", re.IGNORECASE)
REMOTE: Final = re.compile(
    r"""\b(?:src|srcset|background)\s*+=\s*+["']?+\s*+(?:https?:)?//|url\(\s*+["']?+\s*+(?:https?:)?//""",
    re.IGNORECASE,
)
COLOURED: Final = re.compile(
    r"<style\b|\b(?:bg|back|fore|link|vlink|alink)?-?(?:color|background)(?:-\w++)?+\s*+[=:]",
    re.IGNORECASE,
)
"""What gives a mail colours of its own; words that look like it only cost the dark look."""
LOADING: Final = frozenset({"src", "srcset", "background"})
CID: Final = re.compile(r"""(?<=["'(=])\s*cid:([^"'\s)>]+)""", re.IGNORECASE)
SANDBOX: Final = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
"""Never `allow-scripts`: with it, `allow-same-origin` would open the sandbox."""
PAGE: Final = """<!doctype html>
<html dir="auto"><head><meta charset="utf-8"><base target="_blank">
<style>
:root { color-scheme: %(schemes)s; }
html { overflow-y: hidden; }
html, body { height: auto !important; min-height: 0 !important; }
body { margin: 0; padding: 12px 10px; overflow-wrap: anywhere;
  background: light-dark(#fff, transparent); color: light-dark(#1b1f27, #e8f0f0);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
img { max-width: 100%%; }
pre { white-space: pre-wrap; }
blockquote { margin: 0; margin-inline-start: 4px; padding-inline-start: 12px;
  border-inline-start: 3px solid light-dark(#d8dce5, #3a4f57); }
:any-link { color: light-dark(#0b57d0, #8ab4f8); }
</style></head><body>
"""


def shows_remote_images(html: str) -> bool:
    """Whether showing the HTML in full would fetch something from outside."""
    return REMOTE.search(html) is not None


def is_simple(html: str) -> bool:
    """Whether the HTML has no colours of its own, so that it may be shown light on dark."""
    return COLOURED.search(html) is None


def document(html: str, inline: str, *, remote_images: bool = False) -> str:
    """Return the HTML as a harmless page; `inline` is where images of its own are found.

    It is read tag by tag and no tree is built: a tree of hostile markup costs seconds and
    gigabytes.
    """
    pieces: list[str] = []
    place = 0
    while (tag := TAG.search(html, place)) is not None:
        pieces.append(html[place : tag.start()].replace("<", "&lt;"))
        place = _after(html, tag, pieces, remote_images=remote_images)
    pieces.append(html[place:].replace("<", "&lt;"))
    own = CID.sub(lambda found: inline + quote(found[1], safe=""), "".join(pieces))
    page = PAGE % {"schemes": "light dark" if is_simple(html) else "light"}
    return f"{page}{own}</body></html>"


def _after(html: str, tag: re.Match[str], pieces: list[str], *, remote_images: bool) -> int:
    """Write what stays of a tag; return where reading goes on."""
    name = (tag["name"] or "").lower()
    if name == "style" or name in CUT:
        if tag["close"]:
            return tag.end()
        end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, tag.end())
        place = len(html) if end is None else end.start()
        if name == "style":
            pieces.append(f"<style>{html[tag.end() : place]}</style>")
        return place
    if PLAIN_NAME.fullmatch(name) and name not in UNWRAPPED:
        kept = (
            ""
            if tag["close"]
            else _harmless_attributes(tag["attributes"], remote_images=remote_images)
        )
        pieces.append(f"<{tag['close']}{name}{kept}>")
    return tag.end()


def _harmless_attributes(attributes: str, *, remote_images: bool) -> str:
    """Return the attributes that load nothing from outside; the policy refuses what styles ask."""
    written = []
    for one in ATTRIBUTE.finditer(attributes):
        name, value = one[1].lower(), (one[2] or "").strip("\"'")
        loads = name in LOADING and not value.lstrip().lower().startswith(("cid:", "data:"))
        if (loads and not remote_images) or name.startswith("on"):
            continue
        if PLAIN_NAME.fullmatch(name):
            written.append(f' {name}="{value.replace(chr(34), "&quot;")}"')
    return "".join(written)


def policy(inline: str, *, remote_images: bool) -> str:
    """Return the Content-Security-Policy of such a page; `inline` is an absolute address."""
    images = f"{inline} data:" + (" https: http:" if remote_images else "")
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {images}; sandbox {SANDBOX}; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
