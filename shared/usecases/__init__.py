"""What Postroom does, one callable a file."""
