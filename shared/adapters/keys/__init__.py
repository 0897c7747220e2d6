"""Sealing: a local keyring, Cloud KMS, and the format both write."""
