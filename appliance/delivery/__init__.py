"""From the stick to the central server: the outbox and the courier that empties it."""
