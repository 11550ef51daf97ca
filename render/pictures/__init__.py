"""Everything seen: stills, clips and grounds filmed onto canvases, and how one gives way."""
