"""Uploads: files that people and other systems give a project, taken in, looked at and kept."""
