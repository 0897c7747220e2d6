"""The documentation, served: pages, their Markdown, a search, and an MCP server over them."""
