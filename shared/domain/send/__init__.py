"""The send ledger: entries, requests, bulks, and the events that report them."""
