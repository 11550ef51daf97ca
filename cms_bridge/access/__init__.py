"""Who may do what: the key of the API."""
