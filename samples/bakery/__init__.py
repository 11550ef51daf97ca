"""A storyboard that uses everything the engine has, and the code that makes its files."""
