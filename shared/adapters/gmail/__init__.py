"""Gmail over HTTP: requests, answers, errors, streams."""
