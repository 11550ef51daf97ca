"""Everything heard: narrations, music and clips' own sound, mixed at one loudness."""
