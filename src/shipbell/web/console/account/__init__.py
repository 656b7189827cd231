"""Account: pages of the one who is signed in, and of the instance."""
