"""What the audit asks of a baseline file: one small function a rule, and the table of them."""
