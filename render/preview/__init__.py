"""The preview: a film as a player in a browser shows it before it exists."""
