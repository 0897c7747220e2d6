"""Reading stored mail: searches, conversations, messages, people (API 4.6)."""
