"""The steps of a sync and the lease they run under (DESIGN 4)."""
