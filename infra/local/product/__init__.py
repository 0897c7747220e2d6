"""Harbor, the sample product: a help desk that puts Gmail into its own pages through Postroom.

It stands for a customer's SaaS: an origin of its own, a server of its own, and nothing of
Postroom's but its public HTTP API.
"""
