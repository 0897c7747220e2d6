"""Pages of connections: all of them, one, what may be done with it, and why a message is absent."""
