"""Where work runs: the arq worker, its tasks, and the `reelwright` command."""
