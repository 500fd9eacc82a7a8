"""The plan: what goes into the montage, as a file that people and programs read, edit, export and explain."""
