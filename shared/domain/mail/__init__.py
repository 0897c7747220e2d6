"""Mail as it travels: addresses, headers, bodies and files, read and written."""
