"""What becomes of mail that arrives: sorted by filters, forwarded, answered."""
