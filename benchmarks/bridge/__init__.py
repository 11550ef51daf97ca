"""The bridge measured: one process, beside the barest server that does as much, and a peer."""
