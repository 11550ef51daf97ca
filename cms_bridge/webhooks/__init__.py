"""What integrators are told: events of a project's jobs, signed and sent until they are taken."""
