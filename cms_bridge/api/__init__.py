"""The HTTP edge, one module per resource, under `/api/v1`."""
