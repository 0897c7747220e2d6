"""Grants once they are there: access tokens, their seals, and what keeps them alive."""
