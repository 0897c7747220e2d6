"""More English newsletters."""
# ruff: noqa: E501, RUF001 - prose; typographic quotes and dashes are what such senders use

from infra.local.google.corpus.brands import FORUMS, PROMO, UPDATES, Brand

MORE = (
    Brand(
        "Northlight Museum", "news@northlightmuseum.example", "#40304f", "#d98324", "utf-8", UPDATES,
        ("Opening on Friday: Maps of places that never were", "Late Thursday: music between the whales", "Your membership card is ready"),
        (
            ("Maps of places that never were", "Forty islands that sailors swore they had seen. Drawn, redrawn, and finally taken off the chart."),
            ("Under the blue whale", "Bring a blanket: the string quartet plays lying down, too."),
            ("Conservators' corner", "How to wash a tapestry of eleven square metres. Slowly, it turns out."),
        ),
        "Plan your visit",
    ),
    Brand(
        "Ledgerly", "product@ledgerly.example", "#0f4c5c", "#e36414", "utf-8", UPDATES,
        ("What's new in May: bank rules and faster search", "Your weekly summary", "We're changing our terms on 1 July"),
        (
            ("Bank rules", "Tell Ledgerly once that this is rent, and it will remember. Rules run in the order you give them."),
            ("Search that keeps up", "Results while you type, even with twelve years of receipts."),
            ("Two-person approval", "Payments above a limit you choose now wait for a second pair of eyes."),
            ("Webinar: closing the year without tears", "Forty minutes, real questions, no slides with handshakes on them."),
        ),
        "Try it", "Email preferences",
    ),
    Brand(
        "Open Kitchen", "hello@openkitchen.example", "#9a031e", "#fb8b24", "windows-1252", PROMO,
        ("Tonight: tomatoes, white beans & twenty minutes", "The week’s menu is here", "Seven soups for a grey Sunday"),
        (
            ("White beans with burnt tomatoes", "Let them blister. Then leave them alone for two minutes more than feels right."),
            ("The only dressing", "Three parts oil, one part lemon, a spoon of mustard – and a lid to shake it under."),
            ("Seven soups", "From fennel to fish. All of them better on the second day, none of them with cream."),
            ("Ask Odile", "“Can I freeze rice?” Yes, and here is how to make it forgive you."),
        ),
        "Cook this",
    ),
    Brand(
        "Velo Paper", "post@velopaper.example", "#1b4965", "#5fa8d3", "utf-8", PROMO,
        ("Winter tyres, explained by a pessimist", "Members’ sale starts at noon", "The long way to the sea: 214 km, 3 ferries"),
        (
            ("The long way to the sea", "Two days, three ferries, one closed bridge. The route file is attached to the article, the blisters are not."),
            ("A pessimist on winter tyres", "You will be cold. You may as well be upright."),
            ("Lights that last", "We left nine of them on until they gave up. The winner was the cheapest."),
        ),
        "Ride on",
    ),
    Brand(
        "Harbour Jobs", "jobs@harbourjobs.example", "#22333b", "#c6ac8f", "utf-8", FORUMS,
        ("7 new jobs near you", "Backend developer (part-time): 3 matches", "Who looked at your profile this week"),
        (
            ("Backend developer, Lanternworks", "Four days a week, small team, old building with good windows. Python, some Go."),
            ("Technical writer, Ledgerly", "You enjoy deleting sentences. They will enjoy you."),
            ("Ferry mate, Skerry Lines", "Summer season. Must like people, wind, and being waved at."),
        ),
        "See the job", "Stop these alerts",
    ),
)  # fmt: skip
