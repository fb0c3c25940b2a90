"""The built-in film catalogue: facts, figures and premises of our own."""
