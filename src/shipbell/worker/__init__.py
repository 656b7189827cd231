"""The worker: drains lanes, tidies up, and is kept going by a supervisor."""
