"""A deployment's own syncs: what they are, what they store, and what decides when one runs."""
