"""Protocols cut at domain operations; every method says what it raises.

All stores may raise StoreUnavailableError from any method: the effect of a write is then unknown
until it is read back. Two adapters implement each (SQLite, Firestore); one contract suite holds
them to these promises.
"""
