"""Built-in catalogues."""
