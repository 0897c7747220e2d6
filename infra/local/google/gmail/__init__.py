"""The Gmail REST methods over the mail room, one file a resource."""
