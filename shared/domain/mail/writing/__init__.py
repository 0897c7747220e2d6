"""Mail as it leaves: recipients, replies and forwards, bytes."""
