"""Upkeep: what expires, is forgotten, counted and looked after while the server runs."""
