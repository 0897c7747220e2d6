"""English conversations, the largest share of the mailbox."""
# ruff: noqa: E501 - prose reads better in one piece than cut twice

from infra.local.google.corpus.english_more import MORE
from infra.local.google.corpus.language import Language, Topic, people

_PEOPLE = (
    *people(
        "harbourlight.example",
        ("Maya Okafor", "maya"),
        ("Tom Ellery", "tom.ellery"),
        ("Priya Raman", "priya.raman"),
        ("Callum Reid", "callum"),
    ),
    *people(
        "northfold.example",
        ("Grace Whitcombe", "grace.whitcombe"),
        ("Dele Adeyemi", "dele"),
        ("Hannah Brandt", "hannah.brandt"),
        ("Owen Prys", "owen"),
    ),
    *people(
        "post.example",
        ("Aunt Rosalind", "rosalind.tate"),
        ("Ben Carver", "ben.carver.1987"),
        ("Leila Haddad", "leila.h"),
        ("Sam Nakagawa", "samnak"),
        ("Mum", "judith.hale"),
    ),
    *people(
        "quillandco.example",
        ("Fiona Marsh, Quill & Co.", "fiona"),
        ("Rashid Karim", "rashid.karim"),
        ("Ines Duarte", "ines"),
    ),
)

_WORK = (
    Topic(
        "Launch date for the spring release",
        (
            (
                "I went through the open items last night. Eleven are left, and only three of them "
                "could hold us up: the import of old orders, the new permissions page, and the "
                "Danish translation."
            ),
            (
                "If the import is done by Thursday I would keep the 14th. If not, I'd rather move to "
                "the 21st now than the evening before."
            ),
            "What do you think?",
        ),
        (
            (
                "The 14th is realistic. The import ran through on the staging copy this morning, "
                "38 minutes for the largest customer."
            ),
            "Then let's keep it. I'll tell support, they need two days for the help pages.",
            (
                "Permissions page is merged. One small thing: the empty state says 'No user's'. "
                "Fixed in a minute."
            ),
            "Danish arrived. Whoever translated 'bounce' as 'hoppeborg' deserves a prize.",
            "Great. Freeze on Tuesday at noon then, release on Thursday at ten.",
        ),
    ),
    Topic(
        "Notes from this morning's call with Ferndale",
        (
            (
                "Short version: they like it, they want single sign-on before they roll it out to "
                "the other two sites, and they asked twice about data export."
            ),
            (
                "Longer version: Marion runs the pilot with nine people. Seven of them use it every "
                "day. The two who don't are in the warehouse and share one computer, so they keep "
                "being logged out."
            ),
            (
                "Next step is on us: a date for single sign-on and a one-page description of the "
                "export. I promised both by Friday."
            ),
        ),
        (
            "Thanks, very clear. The shared computer is interesting, we saw the same at Holm.",
            "I can write the export page today. Is a nightly CSV enough or do they want an API?",
            "CSV is enough for now. Marion said 'something Excel opens without complaining'.",
            "Sent. I left the date for single sign-on open, please fill it in.",
        ),
    ),
    Topic(
        "Can you look over the offer before I send it?",
        (
            (
                "The offer for Calder Rail is attached. I changed the third page after our talk: "
                "support is now listed as a line of its own, and the discount applies to the first "
                "year only."
            ),
            "I'd like to send it before lunch tomorrow.",
        ),
        (
            (
                "Read it. Page two still says 'per seat', page three 'per user'. Pick one. The rest "
                "is good, and the summary at the top is the best we've had."
            ),
            "'Per user' it is. Thank you, sending it now.",
            "They've answered already: two questions about the notice period, otherwise yes.",
        ),
    ),
    Topic(
        "Slow page loads since Monday",
        (
            (
                "Since Monday's deploy the customer list takes four to six seconds for accounts with "
                "many tags. The graph is clear enough: it starts at 10:40, exactly when we switched "
                "the tag filter to the new query."
            ),
            (
                "I can reproduce it with the Ferndale copy. The query plan shows a full scan of the "
                "tags table, once per row."
            ),
            (
                "Shall I roll back, or do we fix forward? An index would take about twenty minutes "
                "to build."
            ),
        ),
        (
            "Fix forward, please. Can the index be built without locking the table?",
            "Yes, concurrently. Started it at 15:02.",
            "Done. Median is back at 180 ms, the slowest page at 420.",
            (
                "Lovely. Let's put a page with 5,000 tags into the test data so this can't surprise "
                "us again."
            ),
            "Already in review.",
        ),
    ),
    Topic(
        "Who is on call over the holidays?",
        (
            "The rota has a hole between the 23rd and the 27th. I can take the 26th and 27th.",
            "Volunteers for the rest get first pick in January.",
        ),
        (
            "I'll take the 23rd and 24th, my family celebrates on the 25th anyway.",
            "25th is fine for me if somebody covers two hours around lunch.",
            "Covered. Rota is full, thank you both!",
        ),
    ),
    Topic(
        "Interview feedback: Thursday, 2 pm",
        (
            (
                "I enjoyed talking to her. She drew the whole failure case on the board before "
                "writing a line, and asked what should happen when the second write is lost. "
                "Nobody had asked that before."
            ),
            "Her questions at the end were good, too: how we decide what not to build.",
            "I'm a clear yes.",
        ),
        (
            "Same impression. She was honest about what she hadn't done before, and that I value.",
            "Yes from me as well. I'll call her tomorrow morning.",
            "She said yes! Starts on the first.",
        ),
    ),
    Topic(
        "Warehouse photos and the floor plan",
        (
            "Here are the photos from yesterday's visit, and the plan with our notes in green.",
            (
                "The loading bay is narrower than on paper: 3.20 m, not 3.60. The small lorry fits, "
                "the big one doesn't."
            ),
        ),
        (
            "Good that you measured. Then we need the side entrance for deliveries over two tonnes.",
            "The landlord agrees to the side entrance. He wants the hours in writing.",
        ),
    ),
)

_HOME = (
    Topic(
        "Saturday hike \U0001f97e",
        (
            (
                "The forecast says dry until four. I'd take the 8:12 to Ashby, walk up past the "
                "reservoir, and be down at the Drovers' Arms by three."
            ),
            (
                "It's about 17 km and 600 m up. Bring something warm, there was still snow on the "
                "north side last week."
            ),
            "Who's in?",
        ),
        (
            "Me! I bring the flask and the terrible chocolate.",
            "In. Can we make it the 8:42? I have to drop off the dog.",
            "8:42 works, we'd be at the pub by half past three.",
            "Booked a table for five under 'Reservoir Dogs'. You are welcome. \U0001f436",
            "Photos are up. The one where Ben finds the only puddle is my new wallpaper.",
        ),
    ),
    Topic(
        "Grandma's lemon cake",
        (
            "You asked for the recipe, and I finally found the card (in the atlas, of all places):",
            (
                "250 g butter, 250 g sugar, four eggs, the rind of two lemons, 200 g flour, 50 g "
                "ground almonds, a spoon of baking powder. 50 minutes at 170 degrees. Pour the juice "
                "of both lemons with 100 g icing sugar over it while it is hot."
            ),
            "She always said the almonds are the secret, and that one must never open the oven.",
        ),
        (
            "Made it. Opened the oven once. It sank, and I heard her laugh.",
            "Second try: perfect. The neighbours want the card, too.",
        ),
    ),
    Topic(
        "Flat viewing on Friday",
        (
            (
                "The agent called: we can see the flat at 17:30 on Friday, third floor, the one with "
                "the balcony to the yard. 71 square metres, 1,140 a month without heating."
            ),
            (
                "I've written down what I want to ask: noise from the bakery, the cellar, bicycles, "
                "and why the last tenants left after a year."
            ),
        ),
        (
            "Ask about the heating too, the old photos show a gas boiler in the bathroom.",
            "Good point. I'll meet you at the bakery at 17:20.",
            "So? I liked it a lot. The light!",
            "Me too. Let's send the papers tonight, she said there are two others.",
            "We got it!!! Keys on the first. \U0001f389",
        ),
    ),
    Topic(
        "Book club: next one is yours",
        (
            (
                "You're choosing this time. The list of those we said 'maybe next time' to: the one "
                "about the lighthouse, the Icelandic one, and the history of salt."
            ),
            "We meet at Leila's on the last Wednesday, seven o'clock, and I bring soup.",
        ),
        (
            "The lighthouse one! It's only 210 pages, so no excuses, Sam.",
            "I read every page of the last one. Well, most chapters.",
            "Half of them.",
            "I was busy being moved by the first half.",
        ),
    ),
    Topic(
        "Your parcel is with us",
        (
            (
                "The courier left a parcel for you at number 9 because nobody was in. It's about the "
                "size of a guitar and weighs nothing. We are very curious."
            ),
            "We're home until six, and again after eight.",
        ),
        (
            "Thank you! It's a lampshade. I'll come at half past eight with biscuits.",
            "Biscuits accepted as storage fee.",
        ),
    ),
    Topic(
        "Photos from the wedding",
        (
            (
                "I've gone through all 900 of them so that you don't have to. The best forty are in "
                "the album, and the one of you two on the stairs is attached because it deserves it."
            ),
            "Let me know which ones you want printed, I'm ordering on Sunday.",
        ),
        (
            "The stairs one, the dance one, and the one where Dad sings. Especially Dad.",
            "Ordered. Dad in poster size, as he'd want it.",
        ),
    ),
)

_SMALL_TALK = (
    "Sounds good to me.",
    "Thanks, that helps a lot!",
    "Agreed.",
    "I'll have a look this afternoon and come back to you.",
    "Could you send me the numbers for that?",
    "Perfect, thank you.",
    "One question: does that include the weekend?",
    "No, weekdays only. I should have said so.",
    "Adding Grace, she knows more about it than I do.",
    "Happy to help. From what I remember, the second one was the better of the two.",
    "Let's talk about it tomorrow, it's easier in person.",
    "Done.",
    "Just seeing this now, sorry. Yes from my side.",
    "+1",
    "Ha! Well spotted.",
    "I'm on a train with bad reception, so only briefly: yes, go ahead.",
    "Good idea. Let's try it for two weeks and then decide.",
    "Hm, I'm not sure. The last time we did that it took three of us a whole day.",
)

ENGLISH = Language(
    code="en",
    charsets=("utf-8", "utf-8", "utf-8", "us-ascii", "windows-1252", "iso-8859-1"),
    people=_PEOPLE,
    hello="Hi {name},",
    bye="{name}",
    quote="On {date}, {name} wrote:",
    topics=(*_WORK, *_HOME, *MORE),
    small_talk=_SMALL_TALK,
)
