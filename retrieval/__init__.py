"""Catalogues, encoders, stores, candidates and ranking."""
