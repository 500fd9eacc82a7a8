"""hypecut's own tables (jobs, steps, outputs, logs, workers), beside DBOS's in one database."""
