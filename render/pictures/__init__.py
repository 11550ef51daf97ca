"""Everything seen: stills, clips and backgrounds filmed onto canvases, and how one gives way."""
