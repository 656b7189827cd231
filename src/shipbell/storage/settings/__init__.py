"""Settings: projects, members, sources, subscriptions, accounts and sessions, read and changed."""
