"""What tests stand on: real servers, simulators of providers, and builders of what they need.

Benchmarks and `make demo STORAGE=s3` start the same servers.
"""
