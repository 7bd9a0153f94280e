"""The job: engine, workers, event logs, and the protocol that faces speak."""
