"""The pipelines: from what a user asks for to a folder of outputs."""
