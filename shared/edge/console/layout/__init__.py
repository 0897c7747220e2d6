"""What every page of the console has: menu, pages of a log, charts, files, and its answers."""
