"""One file a resource; one route table."""
