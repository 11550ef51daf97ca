"""Everything on one machine: what `reelwright up` and `reelwright demo` start and watch."""
