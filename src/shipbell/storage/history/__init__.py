"""History: what people look up, by id, by search, as counts and as charts."""
