"""One worker's run over one mailbox: under a lease, in steps, each committed whole."""
