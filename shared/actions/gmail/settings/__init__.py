"""The mailbox's settings: filters, forwarding, send-as, and how it answers and is reached."""
