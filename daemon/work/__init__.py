"""One attempt at a job, from its claim to its end, and what it works with."""
