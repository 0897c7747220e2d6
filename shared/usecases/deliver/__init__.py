"""Steps of a delivery."""
