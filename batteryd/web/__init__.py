"""Pages and API: what people see, rendered on the server."""
