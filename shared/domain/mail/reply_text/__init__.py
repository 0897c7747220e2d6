"""What the sender of a message wrote: its text without quoted history, signature and footers."""
