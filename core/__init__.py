"""Simpatico, a conversational recommender that listens first."""

__version__ = "0.1.0"
