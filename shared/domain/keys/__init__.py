"""API keys, what they may do, and calls that wait for a person."""
