"""Where requests enter, by who asks; `table.py` says which function serves which routes."""
