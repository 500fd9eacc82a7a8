"""hypecut's own tables (jobs, steps, files, clips, logs, workers), beside DBOS's in one database."""
