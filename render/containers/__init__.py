"""Containers: what a stranger's file is, told from its structure alone, without a media library."""
