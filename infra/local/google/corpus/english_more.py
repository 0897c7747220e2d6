"""More English conversations: one room of the mailbox would otherwise repeat itself."""
# ruff: noqa: E501 - prose reads better in one piece than cut twice

from infra.local.google.corpus.language import Topic

MORE = (
    Topic(
        "Signed contract, Holm & Daughters",
        (
            "It's signed! The countersigned copy is with legal, and Ebba from Holm asked for a kick-off in the week after next.",
            "Could you and Rashid agree on two dates? They prefer mornings.",
        ),
        (
            "Tuesday or Wednesday at nine, both work here.",
            "Wednesday it is. Congratulations to everyone who stayed late for this one.",
        ),
    ),
    Topic(
        "Question about the March numbers",
        (
            "Row 14 of the summary says 3,410 active customers, the dashboard says 3,287. Both were exported on the same day.",
            "Is the difference the trial accounts again?",
        ),
        (
            "Exactly, 123 trials. The dashboard leaves them out since February.",
            "Then let's say so under the table, I'm asked every quarter.",
        ),
    ),
    Topic(
        "Moving the backups to the second site",
        (
            "The new site is ready. I'd copy on Saturday night: about nine hours at the speed we measured, and nobody should notice.",
            "Restoring was tested with three random customers. The slowest took eleven minutes.",
        ),
        (
            "Sounds good. Who watches it?",
            "I do, from the sofa. Hannah is my second pair of eyes.",
            "Done at 6:40, checksums match. Going to bed.",
        ),
    ),
    Topic(
        "Wording of the cancellation page",
        (
            "'We're sad to see you go' sounds like a break-up. I'd rather tell people what happens to their data and until when they can come back.",
            "Draft: 'Your account stays readable for 30 days. After that everything is deleted, and we can't undo that.'",
        ),
        (
            "So much better. Add the date itself instead of '30 days'?",
            "Yes! Changed: 'until 14 May'.",
        ),
    ),
    Topic(
        "Speaker dinner on Thursday",
        (
            "Seven of us, half past seven, at the Greek place behind the theatre. Two vegetarians, one walnut allergy, and Callum, who eats for three.",
            "Can somebody pick up the keynote from the station at 18:50?",
        ),
        (
            "I can. How do I recognise her?",
            "Red coat, cello case.",
            "She has no cello in it, by the way. It's full of posters.",
        ),
    ),
    Topic(
        "New starters on Monday",
        (
            "Two people begin on Monday: Yusuf in support and Clara in design. Laptops are set up, badges are at the front desk.",
            "Lunch with the whole floor at half past twelve. Please don't all talk about the outage.",
        ),
        ("I'll show them around at ten.", "And I promise to mention the outage only twice."),
    ),
    Topic(
        "Piano, free to a good home",
        (
            "We're moving, and the piano can't come along. It's an upright from 1931, freshly tuned, with one sticky key (the low F sharp, nobody needs it).",
            "You'd have to fetch it: second floor, wide staircase, strong friends.",
        ),
        (
            "We'd love it! I have four strong friends and a van on Sunday.",
            "It's yours. The stool comes with it.",
            "It's in its corner and my daughter hasn't stopped playing since.",
        ),
    ),
    Topic(
        "School concert, row three",
        (
            "The concert starts at five, doors at half past four. I've kept four seats in row three, left side, so that you can see the trombone.",
            "He says you don't have to clap after each piece. You do.",
        ),
        (
            "We'll be there with flowers for the trombone.",
            "He pretended not to see them, and then carried them all the way home.",
        ),
    ),
    Topic(
        "Sourdough emergency",
        (
            "I'm away until the 9th. Could you feed the starter? Every second day: throw away half, add 50 g rye flour and 50 g lukewarm water, stir, talk to it.",
            "The key is with the bakery. They know.",
        ),
        (
            "Day two: it's alive and trying to leave the jar.",
            "That's normal. Give it a bigger jar.",
            "It has a name now. We're calling it Doughlores.",
        ),
    ),
    Topic(
        "The boat, next steps",
        (
            "The surveyor was here. The hull is sound, the engine is tired, and he laughed at the wiring.",
            "His list is attached. If we do the wiring ourselves we can be in the water by June.",
        ),
        ("I can do wiring. I've done a lamp.", "That's what worries me."),
    ),
    Topic(
        "Re-reading your letter",
        (
            "I found the letter you wrote from Lisbon, folded into the cookbook. You were twenty-three and sure about everything, above all about sardines.",
            "Come by this weekend and I'll read it to you aloud.",
        ),
        ("Oh no. I'll bring wine, for courage.", "You were right about the sardines, though."),
    ),
    Topic(
        "Garden plan for the spring",
        (
            "Beans along the fence, tomatoes where the shed used to be, and this year no courgettes. We've talked about the courgettes.",
            "Seeds arrive on Tuesday. Are you free for digging on the 18th?",
        ),
        ("Free and armed with a spade.", "Somebody has planted courgettes."),
    ),
)
