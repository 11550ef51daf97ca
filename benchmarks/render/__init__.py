"""The render engine measured: whole processes, the same work, ratios within one run."""
