"""The job's truth: what people decide about it, and what a worker does to one it holds."""
