"""Shipbell tells a team's WeCom group what its CI/CD did."""

__version__ = "0.1.0"
