"""Piper: neural voices that speak on this machine, in processes of their own."""
