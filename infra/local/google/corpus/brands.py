"""Who sends newsletters, and what is in them: the English ones."""
# ruff: noqa: E501, RUF001 - prose; typographic quotes and dashes are what such senders use

from typing import NamedTuple


class Brand(NamedTuple):
    """One newsletter: look, wording and a stock of articles as (title, text)."""

    name: str
    mailbox: str
    colour: str
    accent: str
    charset: str
    category: str
    subjects: tuple[str, ...]
    articles: tuple[tuple[str, str], ...]
    more: str = "Read on"
    unsubscribe: str = "Unsubscribe"
    why: str = "You receive this because you signed up on our website."
    rtl: bool = False


PROMO, UPDATES, FORUMS = "CATEGORY_PROMOTIONS", "CATEGORY_UPDATES", "CATEGORY_FORUMS"

ENGLISH = (
    Brand(
        "Tidewater Coffee",
        "hello@tidewatercoffee.example",
        "#3b2a20",
        "#c9803e",
        "utf-8",
        PROMO,
        (
            "The first washed lot of the year is here ☕",
            "Free shipping until Sunday",
            "Your morning, but slower",
            "20% off everything decaf (yes, really)",
        ),
        (
            (
                "Finca La Esperanza, washed",
                (
                    "Red apple, almond, and a finish like brown sugar. Picked at 1,850 metres, roasted "
                    "on Tuesday, and gone by the end of the month if last year is any guide."
                ),
            ),
            (
                "How we cup",
                (
                    "Eleven bowls, two timers and a great deal of slurping. Our roaster Nadia explains "
                    "what she listens for, and why the third sip decides."
                ),
            ),
            (
                "The two-minute moka pot",
                (
                    "Start with hot water, leave the lid open, take it off the heat when it turns "
                    "blond. That's all. The rest of this email is just encouragement."
                ),
            ),
            (
                "Back in stock: the enamel dripper",
                (
                    "Heavier than it looks, white with a blue rim, and made thirty kilometres from our "
                    "roastery. There are 140 of them."
                ),
            ),
            (
                "Try the sampler",
                (
                    "Four bags of 60 grams from four farms. Enough for three cups each, which is how "
                    "long it takes to change your mind."
                ),
            ),
        ),
        "Shop now",
    ),
    Brand(
        "The Lantern Weekly",
        "editors@lanternweekly.example",
        "#14213d",
        "#fca311",
        "utf-8",
        UPDATES,
        (
            "The city that moved its river",
            "What the glacier kept",
            "A short history of waiting rooms",
            "Seven letters from the night train",
        ),
        (
            (
                "The city that moved its river",
                (
                    "For ninety years the Ostra ran in a pipe under the market. Then the pipe cracked, "
                    "and the council did something unusual: it asked people what they remembered."
                ),
            ),
            (
                "What the glacier kept",
                (
                    "A glove, a ladder, two coins and a love letter. An archaeologist on the strange "
                    "inventory of melting ice."
                ),
            ),
            (
                "A short history of waiting rooms",
                (
                    "They were built to keep people apart. How benches, clocks and potted palms came "
                    "to be, and why the best of them have a view of the tracks."
                ),
            ),
            (
                "In praise of the second draft",
                (
                    "The first draft is for you. The second is where the reader walks in, looks "
                    "around, and asks where to sit."
                ),
            ),
            (
                "Readers' letters",
                (
                    "On last week's essay about shadows, eleven of you wrote about the same lamp post. "
                    "We went to see it."
                ),
            ),
            (
                "The crossword",
                "Fourteen across is easier than you think. Nine down is not.",
            ),
        ),
        "Continue reading",
        "Manage preferences",
    ),
    Brand(
        "Fernway Outdoor",
        "news@fernway.example",
        "#1f4d3a",
        "#e07a5f",
        "utf-8",
        PROMO,
        (
            "Rain shells: up to 40% off this week only",
            "New: the two-person tent that fits in a bread bag",
            "Members see it first: the autumn range",
            "Last chance: your 15 € voucher ends tonight",
        ),
        (
            (
                "Drizzle 2 shell",
                (
                    "Three layers, 290 grams, taped everywhere. Now in moss, slate and a yellow you "
                    "can see from the next valley."
                ),
            ),
            (
                "Bread-bag tent",
                (
                    "1.1 kg, two doors, room for two people who like each other. Pitched in four "
                    "minutes, three if it rains."
                ),
            ),
            (
                "Repair, don't replace",
                (
                    "Send us your broken zips. Last year our workshop mended 4,212 jackets, and one "
                    "teddy bear."
                ),
            ),
            (
                "Route of the month: the Kettle Ridge",
                "21 kilometres, one ferry, two cafés. The map is printable, the sheep are friendly.",
            ),
        ),
        "See the range",
    ),
    Brand(
        "Stackpost",
        "digest@stackpost.example",
        "#0b3954",
        "#087e8b",
        "utf-8",
        FORUMS,
        (
            "Weekly digest: queues, leases and one very long outage",
            "12 new answers in topics you follow",
            "Top posts this week",
        ),
        (
            (
                "Why we stopped retrying",
                (
                    "Three retries at each of four layers are eighty-one requests. A post-mortem with "
                    "graphs, humility and a happy ending."
                ),
            ),
            (
                "A lease is not a lock",
                (
                    "What happens when the holder sleeps, wakes up, and writes. With a small model you "
                    "can run yourself."
                ),
            ),
            (
                "Ask: how do you name your services?",
                (
                    "148 replies. Birds are ahead of cheeses, and somebody named theirs after the "
                    "outages they caused."
                ),
            ),
            (
                "SQLite on the edge of reason",
                (
                    "One file, 40 million rows, a laptop. Where it shines and the two pragmas that "
                    "matter."
                ),
            ),
            (
                "The index nobody used",
                (
                    "It was 80 GB, lovingly maintained at every write, and had been read nine times "
                    "since 2019."
                ),
            ),
        ),
        "Open the thread",
        "Email settings",
    ),
    Brand(
        "Parcel & Pine",
        "studio@parcelandpine.example",
        "#5b4636",
        "#8a9a5b",
        "windows-1252",
        PROMO,
        (
            "A table that waited 140 years",
            "Sale: oak, ash & everything in between",
            "Meet the maker",
        ),
        (
            (
                "The station table",
                (
                    "Its top was a bench in the waiting room at Marlow Junction. You can still find "
                    "the initials, if you know where to look."
                ),
            ),
            (
                "Ash shelves – now in three depths",
                (
                    "18, 24 or 32 cm. Oiled, not lacquered, and shipped flat with four screws you’ll "
                    "actually be able to find."
                ),
            ),
            (
                "Ask us anything about oil",
                (
                    "Linseed, tung or hard wax? Every third Thursday our carpenter answers your "
                    "questions “until the kettle boils”."
                ),
            ),
        ),
        "Have a look",
    ),
    Brand(
        "Skerry Air",
        "offers@skerryair.example",
        "#003f5c",
        "#ffa600",
        "utf-8",
        PROMO,
        ("Islands from 29 € ✈️", "Your next long weekend is closer than you think", "48 hours only"),
        (
            (
                "Lofoten, three times a week",
                "Land between the peaks, be at the harbour in ten minutes. From 79 €, bag included.",
            ),
            (
                "The Azores are in bloom",
                "Hydrangeas along every road, whales beyond the lighthouse. Direct on Saturdays.",
            ),
            (
                "Bring the bike",
                "Bicycles travel for 15 € on every flight under two hours. Pedals off, please.",
            ),
        ),
        "Find a flight",
    ),
)
