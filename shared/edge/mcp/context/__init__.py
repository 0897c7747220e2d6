"""What a client may take up beside tools: messages as resources, and prompts for jobs."""
