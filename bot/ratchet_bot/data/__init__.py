"""What is read and written: baseline files, histories, the configuration, events, commands."""
