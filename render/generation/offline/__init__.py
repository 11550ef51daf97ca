"""The offline provider: designed cards and a synthetic voice, without an account or a network."""
