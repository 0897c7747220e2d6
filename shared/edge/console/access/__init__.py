"""Whom the console knows: sealed sessions, a sign-in under way at Google, and who may do what."""
