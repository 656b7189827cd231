"""Notifications: the tab of a channel, with its list, form and preview."""
