"""Frame: what every page has: layout, forms, words, services."""
