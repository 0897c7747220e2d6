"""Mailbox notifications as Cloud Pub/Sub pushes them."""
