"""What the alignment of narrations with their texts is held to."""
