"""Tables: what there is, in three files of SQLAlchemy Core."""
