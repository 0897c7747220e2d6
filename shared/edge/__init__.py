"""Where requests enter: settings, wiring, authentication, routes."""
