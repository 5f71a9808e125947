"""MEASURES: runs scenarios and writes run records. Importing it imports nothing else."""
