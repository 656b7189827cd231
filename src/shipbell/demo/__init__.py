"""The demo: the real server, the simulator as the group, and events as CI tools send them."""
