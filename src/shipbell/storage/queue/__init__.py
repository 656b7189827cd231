"""Queue: events come in, lanes hand out calls, what came of them is settled."""
