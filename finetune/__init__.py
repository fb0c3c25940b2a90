"""Training: what is learned, from what, and how it is exported."""
