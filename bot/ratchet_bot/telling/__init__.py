"""What a reader sees: reports as data, and their words through `templates/`."""
