"""Chinese: what is read of it and what is said in it."""
