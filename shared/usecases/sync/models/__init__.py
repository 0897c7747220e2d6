"""Running a deployment's own syncs, each under a lease of its own."""
