"""What Google is asked: a mailbox, its consent, and its owner's other data."""
