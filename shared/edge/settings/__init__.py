"""What a deployment chooses, from the environment."""
