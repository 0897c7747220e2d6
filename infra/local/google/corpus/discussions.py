"""Threads that systems keep: code-review notifications and support tickets."""

from datetime import datetime
from html import escape
from random import Random

from infra.local.google.corpus import mime
from infra.local.google.corpus.letter import (
    Letter,
    Person,
    Written,
    finish_received,
    finish_sent,
    new_message_id,
)

_REPOSITORIES = (
    "lanternworks/beacon",
    "northfold/orders",
    "tinytools/csvcat",
    "harbour/pier",
    "quill/press",
    "mira-k/dotfiles",
)
_DEVELOPERS = ("mira-k", "tobias-l", "ocelot42", "jun-arai", "depbot[bot]", "yara.s")
_TITLES = (
    "Fix off-by-one in page tokens",
    "Import hangs on files with a byte order mark",
    "Add `--since` to the export command",
    "Bump cryptography from 45.0.2 to 45.0.4",
    "Flaky test: test_two_writers_one_lease",
    "Docs: say that times are UTC",
    "Memory grows while a large backfill runs",
    "Support ISO-2022-JP in subject lines",
    "Crash on startup when the state directory is read-only",
    "Make retries honour Retry-After",
    "Rename `timeout` to `deadline` in the public API",
    "Typo in the quick start",
    "Release 2.4.0",
    "Two tabs open: the second one wins silently",
    "Explain the difference between pause and stop",
    "Idle connections are closed after 60 s",
    "Drop support for Python 3.10",
    "Feature request: dark mode for the console",
    "Search ignores words with a hyphen",
    "Backport the page-token fix to 1.x",
)
_COMMENTS = (
    (
        "I can reproduce this on 3.11 and 3.13. A minimal example:\n\n"
        "    printf '\\xef\\xbb\\xbfid,name\\n1,x\\n' | csvcat -\n\nIt waits forever."
    ),
    "LGTM, two nits inline. Nothing that blocks.",
    "Could we have a test for the empty page? The last time it broke exactly there.",
    "Rebased. The failing job is the macOS runner again, unrelated as far as I can tell.",
    "Hm. Isn't `<=` right here? The token points *at* the last row, not behind it.",
    "You're right, I had it backwards. Pushed 4c1f9ab.",
    "Merged, thank you!",
    "Closing as completed in the last release. Please reopen if you still see it.",
    (
        "Benchmarks before and after (2,000 messages, median of five):\n\n"
        "| | before | after |\n|---|---|---|\n| list | 812 ms | 96 ms |\n| get | 41 ms | 40 ms |"
    ),
    "This would also close #318, wouldn't it?",
    "Thanks for the report. What does `beacon --version` print?",
)


class Review:
    """The notifications of one issue or pull request."""

    def __init__(self, rng: Random, owner: Person, _size: int) -> None:
        self._rng, self._owner = rng, owner
        self._repository = rng.choice(_REPOSITORIES)
        self._number = rng.randrange(12, 4000)
        kind = rng.choice(("issues", "pull"))
        self._root = f"{self._repository}/{kind}/{self._number}@codeharbour.example"
        title = rng.choice(_TITLES)
        word = "Issue" if kind == "issues" else "PR"
        self._subject = f"[{self._repository}] {title} ({word} #{self._number})"
        self._link = f"https://codeharbour.example/{self._repository}/{kind}/{self._number}"
        self._said = 0

    def __call__(self, at: datetime) -> Written:
        """Write the next notification."""
        rng = self._rng
        who = rng.choice(_DEVELOPERS)
        comment = rng.choice(_COMMENTS)
        first, self._said = self._said == 0, self._said + 1
        number = rng.randrange(10**9, 10**10)
        letter = Letter(
            Person(who, "notifications@codeharbour.example"),
            mime.address(self._repository, f"{self._repository.replace('/', '.')}@lists.example"),
            self._subject if first else f"Re: {self._subject}",
            at,
            self._root if first else f"{self._root[:-20]}c{number}@codeharbour.example",
            references=() if first else (self._root,),
            more=self._headers(who),
        )
        return Written(
            finish_received(rng, self._owner, letter, self._body(who, comment, number)),
            ("CATEGORY_FORUMS",),
        )

    def _headers(self, who: str) -> bytes:
        owner, _, name = self._repository.partition("/")
        return (
            f"Reply-To: {self._repository} <reply+{self._rng.getrandbits(96):024x}"
            "@reply.codeharbour.example>\n"
            f"Cc: {self._owner.mailbox}, Mention <mention@noreply.codeharbour.example>\n"
            f"List-ID: {self._repository} <{name}.{owner}.codeharbour.example>\n"
            f"List-Archive: <https://codeharbour.example/{self._repository}>\n"
            f"List-Unsubscribe: <https://codeharbour.example/unsubscribe/{self._number}>\n"
            f"Precedence: list\nX-CodeHarbour-Sender: {who}\nX-CodeHarbour-Reason: subscribed\n"
        ).encode()

    def _body(self, who: str, comment: str, number: int) -> bytes:
        link = f"{self._link}#comment-{number}"
        plain = f"{who} left a comment ({self._repository}#{self._number})\n\n{comment}\n\n-- \n"
        plain += f"Reply to this email directly or view it on CodeHarbour:\n{link}\n"
        shown = escape(comment).replace("\n", "<br>\n")
        page = _REVIEW % (escape(who), self._number, shown, link, link, number)
        mark = f"--==_mimepart_{self._rng.getrandbits(96):024x}"
        parts = (mime.text_part(plain), mime.text_part(page, subtype="html"))
        return mime.multipart("alternative", mark, parts)


_REVIEW = """<p dir="auto"><strong>%s</strong> left a comment (#%d)</p>
<p dir="auto">%s</p>
<p style="font-size:small;-webkit-text-size-adjust:none;color:#666;">&mdash;<br>Reply to this \
email directly, <a href="%s">view it on CodeHarbour</a>, or <a href="%s">unsubscribe</a>.<br>
You are receiving this because you are subscribed to this thread.\
<img src="https://images.example/notifications/beacon/%d.gif" height="1" width="1" alt="" /></p>
"""

_DESKS = (
    Person("Brightwater Support", "support@brightwater.example"),
    Person("Fernway Service", "help@fernway.example"),
    Person("Anchor Bank Service", "service@anchorbank.example"),
)
_QUESTIONS = (
    ("Cannot export more than 1,000 rows",
     ("The export stops at row 1,000 without an error. The file looks complete, which is the "
     "worst part. Is there a limit, and can it be lifted for our account?")),
    ("Wrong VAT rate on the last two invoices",
     "Both invoices show 19 %, but we moved in January and should be billed with 21 %."),
    ("Zip broke after two weeks", ("The lower zip of the jacket came off its rail. I have attached "
     "nothing because there is nothing to see: it's just open.")),
    ("Login code never arrives", "I have asked for a code four times. Nothing, not even in spam."),
)  # fmt: skip
_ANSWERS = (
    (
        "Thank you for writing to us. I've passed this to the team that looks after it and will be "
        "back by tomorrow noon, with an answer or with a date for one."
    ),
    (
        "We found it. The setting was changed on our side during the last maintenance, and it's "
        "restored now. Could you try again and tell me whether it works?"
    ),
    "I'm sorry for the trouble. We've credited 20 % of this month's fee to your account.",
    "Is there anything else I can do for you? Otherwise I'd close this ticket on Friday.",
)
_THANKS = (
    "It works now, thank you!",
    "Still the same here, I'm afraid.",
    "Great, please close it.",
)


class Ticket:
    """A support case between the owner and a help desk."""

    def __init__(self, rng: Random, owner: Person, _size: int) -> None:
        self._rng, self._owner = rng, owner
        self._desk = rng.choice(_DESKS)
        self._number = rng.randrange(10_000, 900_000)
        self._title, self._question = rng.choice(_QUESTIONS)
        self._ids: list[str] = []
        self._mine = rng.random() < 0.3  # noqa: PLR2004 - others begin with the desk's receipt

    def __call__(self, at: datetime) -> Written:
        """Write the next message of the case."""
        rng, mine, turn = self._rng, self._mine, len(self._ids)
        self._mine = not mine and rng.random() < 0.5  # noqa: PLR2004 - half
        said = self._question if mine and turn == 0 else rng.choice(_THANKS)
        if not mine:
            said = _ANSWERS[min(turn, len(_ANSWERS) - 1)]
        writer, reader = (self._owner, self._desk) if mine else (self._desk, self._owner)
        subject = f"[Ticket #{self._number}] {self._title}"
        letter = Letter(
            writer,
            mime.address(reader.name, reader.mailbox),
            f"Re: {subject}" if turn else subject,
            at,
            new_message_id(rng, writer.domain),
            references=tuple(self._ids),
            more=b"" if mine else b"X-Ticket: %d\n" % self._number,
        )
        self._ids.append(letter.message_id)
        part = mime.text_part(self._text(said, writer, reader))
        if mine:
            return Written(finish_sent(letter, part), ("SENT",), sent=True)
        return Written(finish_received(rng, self._owner, letter, part), ("CATEGORY_UPDATES",))

    def _text(self, said: str, writer: Person, reader: Person) -> str:
        quoted = "\n".join("> " + line for line in _fold(self._question))
        mark = "##- Please type your reply above this line -##\n\n" if writer is self._desk else ""
        body = "\n".join(_fold(said))
        return f"{mark}Hello {reader.first},\n\n{body}\n\n{writer.name}\n\n{quoted}\n"


def _fold(text: str, width: int = 72) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += f"{word} "
    return [line.rstrip() for line in lines]
