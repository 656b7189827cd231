"""What answers over HTTP: hooks, the REST API, the console, health and metrics."""
