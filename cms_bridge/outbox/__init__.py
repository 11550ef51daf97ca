"""What the CMS is told: the newest version of a job's news, until it has been taken."""
