"""What a proposal is made of: its values, its chance to flake, the file with it, the difference."""
