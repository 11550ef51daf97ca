"""Content credentials: who signs, and what each ingredient of a video came from."""
