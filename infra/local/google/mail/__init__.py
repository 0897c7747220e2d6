"""The mail room: mailboxes, messages, threads, labels, drafts and their history, on SQLite."""
