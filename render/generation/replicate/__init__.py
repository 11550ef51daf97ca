"""Models on Replicate: one account, its predictions, and a module for each medium they make."""
