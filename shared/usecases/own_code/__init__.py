"""What a deployment's own actions and syncs are given beside their mailbox."""
