"""What Postroom does, by feature: `sync`, `send`, `connect`, `events`, `keys`.

A room imports only those to its right: reconcile, then events and keys, then connect and send,
then sync.
"""
