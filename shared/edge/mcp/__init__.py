"""The mailbox as tools for agents: the Model Context Protocol over HTTP (API 8.1)."""
