"""What an account has set, as Gmail's JSON."""
