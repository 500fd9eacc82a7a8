"""The HTTP API: routes, schemas, events, access."""
