"""Which adapter stands behind which port, and the use cases built from them."""
