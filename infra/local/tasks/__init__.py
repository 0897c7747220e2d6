"""A strict stand-in for the Cloud Tasks REST API (FACTS 16.6)."""
