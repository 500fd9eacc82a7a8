"""Durable jobs: one protocol, an engine in memory and one on a database."""
