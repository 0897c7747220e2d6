"""Gmail's search language."""
