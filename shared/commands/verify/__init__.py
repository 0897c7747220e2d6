"""Asks a live Gmail, fact by fact, whether it does what Postroom takes it to do."""
