"""What the nights tell together: what held, what is reported of it, and how it is drawn."""
