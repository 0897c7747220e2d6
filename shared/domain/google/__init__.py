"""What Google refuses, and what this deployment has seen of it."""
