"""Everything read: titles, lower thirds, captions and the logo, set by one text stack."""
