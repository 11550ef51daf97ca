"""Piccolo migrations, forwards and back on SQLite and PostgreSQL (`reelwright migrate`)."""
