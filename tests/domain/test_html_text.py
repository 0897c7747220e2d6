"""The text of HTML mail."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.mail.reading.markup.html_text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One<p>Two", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo"),
        ("One<br>Two<br><br>Three", "One\nTwo\n\nThree"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
        ("a   b\n\tc&nbsp;d", "a b c d"),
        ("<b>bo</b>ld &lt;tag&gt; &amp;", "bold <tag> &"),
        ("co\u00adop\u200berate", "cooperate"),
        ("<blockquote>quoted</blockquote>answer", "quoted\n\nanswer"),
    ],
)
def test_blocks_become_lines(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<pre>a\r\nb\rc\nd\n\n\ne</pre>f\ng", "a\nb\nc\nd\n\ne\n\nf g"),
        ("<pre wrap>\nHe wrote:\n&gt; hi\n\n<b>An\nswer</b>", "He wrote:\n> hi\n\nAn\nswer"),
        ("<PRE>a<pre>b\nc</PRE>d\ne</pre>f\ng</pre>h\ni", "a\n\nb\nc\n\nd\ne\n\nf g\n\nh i"),
    ],
)
def test_lines_of_preformatted_text_stay_lines(html: str, text: str) -> None:
    assert html_to_text(html) == text


def test_what_nobody_sees_is_not_text() -> None:
    html = (
        "<head><title>t</title><style>p{}</style></head><script>alert(1)</script>"
        "<!-- c --><template>x</template><p>Seen</p><style>b{}</style>"
    )
    assert html_to_text(html) == "Seen"


@pytest.mark.parametrize(
    "html",
    [
        "<b>Fine</b> <svg/>Seen <svg></svg>too",
        "<b>Fine</b> <noscript>Seen too</noscript>",
        "<b>Fine</b> <object><object></object>Seen</object> too",
    ],
)
def test_what_readers_without_scripts_see_is_text(html: str) -> None:
    assert html_to_text(html).split() == ["Fine", "Seen", "too"]


def test_links_stay_readable() -> None:
    html = '<a href="https://x.example/?a&amp;b">Read</a> or <a href="mailto:a@b.example">write</a>'
    assert html_to_text(html) == ("Read (https://x.example/?a&b) or write (mailto:a@b.example)")


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://x.example">https://x.example</a>',
        '<a href="javascript:alert(1)">https://x.example</a>',
        '<a href="#top">https://x.example</a>',
        "<a>https://x.example</a>",
    ],
)
def test_an_address_that_says_nothing_new_is_not_repeated(html: str) -> None:
    assert html_to_text(html) == "https://x.example"


def test_a_linked_picture_is_not_a_line_of_address() -> None:
    assert html_to_text('<a href="https://x.example"><img src="x"></a>') == ""


def test_mail_nested_deeper_than_a_stack_is_read() -> None:
    assert html_to_text("<div>" * 20_000 + "deep") == "deep"


@given(st.text(alphabet="<>/abrdivp \"'=&;#\0\1\2!-é", max_size=200) | st.text(max_size=100))
@settings(deadline=None)
def test_any_text_is_accepted(html: str) -> None:
    assert isinstance(html_to_text(html), str)
