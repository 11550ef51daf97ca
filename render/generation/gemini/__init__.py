"""Google's Gemini: one account, and a module for each medium that its models make."""

BASE_URL = "https://generativelanguage.googleapis.com"
