"""Google asks: pushes, tasks and scheduled jobs."""
