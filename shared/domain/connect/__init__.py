"""Connections and the consent behind each: sessions, grants, scopes, receipts."""
