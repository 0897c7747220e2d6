"""GET /openapi.json: the API described, made from the route table."""
