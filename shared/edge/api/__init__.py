"""The product asks: the HTTP API."""
