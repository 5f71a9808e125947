"""Repository hosts: what is read from them and what is done there."""
