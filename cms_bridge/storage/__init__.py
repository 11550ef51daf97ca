"""Objects: one port (`base`), a local directory (`local`), Cloudflare R2 (`r2`), and `factory`."""
