"""Send once: compose, the ledger and its draft protocol, bulks, bounces."""
