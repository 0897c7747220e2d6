"""A strict stand-in for Google: OAuth, Gmail and Pub/Sub push."""
