"""Parts of the connect flow that several of its use cases share."""
