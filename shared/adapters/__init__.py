"""The ports implemented, one technology a room; no room imports another.

`documents` is what both stores write alike.
"""
