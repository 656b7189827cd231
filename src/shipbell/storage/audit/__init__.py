"""Audit: who changed what, chained by hash; and the sign-ins that were refused."""
