"""Mail written in HTML and its like: its words, its looks, what it hides and what it shows."""
