"""What a pull request brings and gets: its run, artifacts, edits of baselines, the one comment."""
