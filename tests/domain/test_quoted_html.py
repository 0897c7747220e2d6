"""A stranger's HTML and style sheets keep to their place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.mail.reading.markup.content_ids import shown_ids
from shared.domain.mail.writing.quoted_html import quoted_html
from shared.domain.mail.writing.scoped_css import scoped_css

PIECES = [
    *("{", "}", ";", ",", "(", ")", "[", "]", '"', "'", "\\", "/*", "*/", "<", "-->", "\n", " "),
    *(
        "p",
        "*",
        "body",
        ":root",
        "html > ",
        "~ q",
        "& s",
        "color:red",
        "url(",
        "@media x",
        "@import",
    ),
]


@pytest.mark.parametrize(
    ("css", "scoped"),
    [
        ("p{a:b}", ".q p{a:b}"),
        ("p, h1 > a{a:b}", ".q p,.q h1 > a{a:b}"),
        ("body,html p{a:b}", ".q,.q p{a:b}"),
        ("html > body > p{a:b}", ".q p{a:b}"),
        ("body.dark{a:b}", ".q.dark{a:b}"),
        ("bodyguard{a:b}", ".q bodyguard{a:b}"),
        ("a:is(b, c), d{a:b}", ".q a:is(b, c),.q d{a:b}"),
        ("@media (x){ p{a:b} } q{c:d}", ".q p{a:b}}.q q{c:d}"),
        ("@media x{@media y{p{a:b}", "@media x{@media y{.q p{a:b}}}"),
        ("/* p{ */ q{a:b}", ".q q{a:b}"),
        ("<!-- p{a:b} -->", ".q p{a:b}"),
        ("p\\{{a:b}", ".q p\\{{a:b}"),
        ('a::before{content:"}*{"}', '.q a::before{content:"}*{"}'),
        ("} * {a:b}", ".q *{a:b}"),
    ],
)
def test_a_rule_is_for_what_is_in_the_scope(css: str, scoped: str) -> None:
    expected = scoped.replace(".q p{a:b}}.q", "@media (x){.q p{a:b}}.q")
    assert scoped_css(css, "q").replace("\n", "") == expected


@pytest.mark.parametrize(
    "css",
    [
        "~ p{a:b}", "+ p{a:b}", "html ~ p{a:b}", "> p{a:b}", "&{a:b}", "p & {a:b}",
        "@import url(x);", "@charset 'x';", "@font-face{font-family:Arial}",
        "@keyframes x{from{a:b}to{a:b}}", "@page{a:b}", "@layer x{p{a:b}}",
        "p{a:url(} ", "p{a:'} ", "p[x{a:b}", "p){a:b}", "p{a:b;q{c:d}}", "{a:b}", "p{a:b",
    ],
)  # fmt: skip
def test_a_rule_that_reaches_further_or_is_not_whole_is_left_out(css: str) -> None:
    assert scoped_css(css, "q") == ""


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_whatever_a_style_sheet_says_each_rule_begins_with_the_scope(pieces: list[str]) -> None:
    rest = scoped_css("".join(pieces), "q")
    assert "</" not in rest
    bare = re.sub(r"\\.|\"[^\"]*\"|'[^']*'", "", rest, flags=re.DOTALL)
    assert bare.count("{") == bare.count("}")
    for selectors in re.findall(r"([^{}]*)\{", bare):
        assert selectors.strip().startswith((".q", "@media"))


@pytest.mark.parametrize(
    ("html", "quoted"),
    [
        ("<!doctype html><html><head><base href=x><meta a=b><link c=d></head>Hi", "Hi"),
        ("<title>T</title><script>a</script>Hi<!-- b -->", "Hi"),
        ("<body bgcolor=red onload=x>Hi</body>", '<div bgcolor="red">Hi</div>'),
        ("</div></blockquote>Hi", "Hi"),
        ("<table><tr><td>Hi", "<table><tr><td>Hi</table>"),
        ("<p>One<p>Two", "<p>One<p>Two"),
        ("<xmp><a title='</xmp><style>p{}'>Hi</a>",
         '<a title="&lt;/xmp&gt;&lt;style&gt;p{}">Hi</a>'),
        ("1 < 2 <3", "1 &lt; 2 &lt;3"),
        ("<svg><path d='x'/></svg>", '<svg><path d="x" /></svg>'),
        ("<!--[if mso]><style>*{a:b}</style><![endif]-->Hi", "Hi"),
        ("<plaintext>Hi", "Hi"),
        ("Hi<style>p{a:b}", "Hi<style>.q p{a:b}\n</style>"),
    ],
)  # fmt: skip
def test_markup_says_nothing_of_what_is_around_it(html: str, quoted: str) -> None:
    assert quoted_html(html, "q", {}) == f'<div class="q">{quoted}</div>'


@pytest.mark.parametrize(
    "html",
    [
        "<img src=cid:l&ouml;go&#32;1>", "<img src='CID:l%C3%B6go%201'>", "<img src='cid:lögo 1'>",
        "<td background='cid:l%C3%B6go%201'>", "<td style='background:url(cid:l%C3%B6go%201)'>",
        "<style>p{background:url(cid:l%C3%B6go%201)}</style>", "<img src='cid:<lögo 1>'>",
    ],
)  # fmt: skip
def test_each_way_to_name_an_image_names_its_new_id(html: str) -> None:
    assert "lögo 1" in shown_ids(html)
    assert shown_ids(quoted_html(html, "q", {"lögo 1": "new@q"})) == {"new@q"}
    assert "new@q" not in quoted_html(html, "q", {"lögo": "new@q"})
