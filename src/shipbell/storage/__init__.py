"""Where rows are the truth: one code over SQLAlchemy Core, on SQLite (ADR 0003)."""
