"""Connect and disconnect: sessions, consent, tokens, upkeep of grants."""
