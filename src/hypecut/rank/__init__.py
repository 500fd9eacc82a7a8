"""Ranking: the scoring model that clips and segments share, near-duplicates, and what is selected."""
