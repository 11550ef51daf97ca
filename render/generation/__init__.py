"""Providers of pictures and speech, behind two ports (`render.generation.base`)."""
