"""Everything handed over: encoding, joining, checking, and the files beside the video."""
