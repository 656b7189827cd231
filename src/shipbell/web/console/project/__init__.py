"""Project: overview, sources, robots, members, settings and audit of one project."""
