"""Where events go out: webhooks, Pub/Sub, Amazon SQS."""
