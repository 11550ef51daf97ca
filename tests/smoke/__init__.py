"""The whole of production on one machine, from an empty folder to a restored backup."""
