"""The ports implemented, one technology a file."""
