"""Events on their way to the product: receivers, schedules, signatures, addresses."""
