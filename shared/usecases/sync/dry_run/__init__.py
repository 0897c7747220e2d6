"""Runs of own syncs of which nothing is stored: what they would do, told."""
