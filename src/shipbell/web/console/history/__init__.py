"""History: deliveries, events, the path of one, and replays."""
