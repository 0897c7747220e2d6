"""Keep a mailbox current: the steps of a sync, the lease they run under, and its watch."""
