"""Tell the product: who receives an event, one attempt at a time, and its endpoints."""
