"""What a finished file really holds: probed, measured, and looked at frame by frame."""
