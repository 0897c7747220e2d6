"""Postroom: Gmail inside a SaaS product, on its own Google Cloud (see README.md)."""
