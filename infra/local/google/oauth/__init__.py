"""The OAuth 2.0 endpoints of the emulated Google."""
