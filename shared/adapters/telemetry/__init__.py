"""Traces, metrics and the operations log."""
