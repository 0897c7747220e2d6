"""The ready actions: what can be done with a mailbox, one module a resource of Gmail's."""
