"""What Reelwright is tried with: briefs in several scripts, and storyboards with their files."""
