"""Secrets: encrypted at rest, and rotated to a new key."""
