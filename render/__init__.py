"""Media and nothing else: a storyboard and its assets become a video file.

The package knows no environment variable, database, Redis, HTTP server or CMS.
Importing it loads no media library; `render.storyboard`, `render.errors` and
`render.drafting.offline` stay light enough for a web process.
"""
