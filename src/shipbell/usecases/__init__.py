"""One verb per file: what Shipbell does, over the ports."""
