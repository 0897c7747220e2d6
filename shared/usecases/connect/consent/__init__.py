"""From a session to a connection: the start of consent, Google's answer, what comes of it."""
