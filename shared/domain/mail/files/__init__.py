"""What files in mail say as text: bounded, by the standard library alone."""
