"""What Shipbell knows about events, subscriptions, messages and lanes, without a socket, clock or log."""
