"""The ledger: every paid call written down before it is made, and what it made kept."""
