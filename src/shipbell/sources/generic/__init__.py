"""Any tool that can POST JSON."""
