"""Encoders: one module per kind of weights."""
