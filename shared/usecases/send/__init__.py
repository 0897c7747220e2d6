"""The send ledger's protocol: draft, submit, resolve (DESIGN 6)."""
