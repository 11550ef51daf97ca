"""The business between CMS and engine: events, jobs, outbox, storage and the HTTP edge."""
