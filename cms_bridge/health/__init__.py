"""How providers' models are: what was seen of each, and how long they take."""
