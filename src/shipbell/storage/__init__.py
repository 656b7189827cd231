"""Where rows are the truth: one code over SQLAlchemy Core, SQLite first, PostgreSQL as a second dialect."""
