"""Actions named by the job they do for an agent or a product, mostly on the stored mail."""
