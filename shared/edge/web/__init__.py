"""What every route stands on: app, routes, reading, authentication, errors, OpenAPI, logs."""
