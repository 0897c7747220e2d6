"""API keys, and the rotation of key-encryption keys."""
