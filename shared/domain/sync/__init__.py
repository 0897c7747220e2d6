"""The live copy of a mailbox: its state, what to do next, records and cursors."""
