"""Which adapter stands behind which port, and the container that builds use cases by type."""
