"""Measurements of the product as its users run it, beside what else could be used."""
