"""Where Postroom runs: a laptop (local) or Google Cloud (terraform)."""
