"""What a repository needs to have this: files, workflows, a matrix, and a check of them."""
