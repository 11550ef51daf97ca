"""Objects: one port (`base`), a local directory (`local`) and Cloudflare R2 (`r2`)."""
