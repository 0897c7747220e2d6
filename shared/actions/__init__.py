"""Typed actions: each is an HTTP action, an MCP tool and an OpenAPI entry."""
