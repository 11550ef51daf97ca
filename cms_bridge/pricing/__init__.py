"""Amounts of money, what a video will cost, and the caps on what may be spent."""
