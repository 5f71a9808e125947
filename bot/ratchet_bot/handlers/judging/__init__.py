"""What a command reads before it judges a run, and the judgement itself."""
