"""Pure rules by feature: no I/O, no clock, no vendor."""
