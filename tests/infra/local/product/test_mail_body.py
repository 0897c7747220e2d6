"""A message's HTML becomes a document that can do nothing, and still reads as it was meant."""

import pytest

from infra.local.product.mail_body import document, policy, shows_remote_images

INLINE = "http://127.0.0.1:8090/api/messages/m1/inline/"
OUTSIDE = '<p>Hello</p><img src="https://shop.example/a.png" alt="A coat">'


@pytest.mark.parametrize(
    "active",
    [
        "<script>alert(1)</script>",
        '<meta http-equiv="refresh" content="0;url=https://x.example">',
        '<base href="https://x.example/">',
        '<link rel="preconnect" href="https://x.example">',
        '<iframe src="https://x.example"></iframe>',
        '<object data="https://x.example"></object>',
        "<svg><script>alert(1)</script></svg>",
    ],
)
def test_what_could_act_is_cut_out(active: str) -> None:
    made = document(f"<html><head>{active}</head><body>{active}<p>Hello</p></body></html>", INLINE)
    assert "Hello" in made
    assert "x.example" not in made
    assert "alert" not in made


def test_remote_images_leave_their_texts_until_they_are_asked_for() -> None:
    assert "shop.example" not in document(OUTSIDE, INLINE)
    assert "A coat" in document(OUTSIDE, INLINE)
    assert "shop.example/a.png" in document(OUTSIDE, INLINE, remote_images=True)


def test_images_of_the_message_itself_are_found_at_the_product() -> None:
    made = document('<img src="cid:logo@acme/1">', INLINE)
    assert f'src="{INLINE}logo%40acme%2F1"' in made


def test_styles_of_the_head_are_kept() -> None:
    made = document("<head><style>p { color: red }</style></head><p>Hello</p>", INLINE)
    assert "p { color: red }" in made


def test_broken_html_is_a_page_all_the_same() -> None:
    for broken in ("", "<", "<td><div>Hello", "\x00<p>Hello"):
        assert document(broken, INLINE).endswith("</html>")


@pytest.mark.parametrize(
    ("html", "remote"),
    [
        (OUTSIDE, True),
        ('<td background="//x.example/b.png">', True),
        ("<p style=\"background: url('https://x.example/b.png')\">", True),
        ('<img src="cid:logo">', False),
        ('<a href="https://x.example">there</a>', False),
    ],
)
def test_remote_images_are_noticed(html: str, *, remote: bool) -> None:
    assert shows_remote_images(html) is remote


def test_the_policy_lets_no_script_run_and_no_image_in_from_outside() -> None:
    rules = policy(INLINE, remote_images=False)
    assert "default-src 'none'" in rules
    assert "script-src" not in rules
    assert "allow-scripts" not in rules
    assert f"img-src {INLINE} data:;" in rules
    assert "https:" in policy(INLINE, remote_images=True)
