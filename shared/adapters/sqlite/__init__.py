"""Every collection and the queue on SQLite, for one machine."""
