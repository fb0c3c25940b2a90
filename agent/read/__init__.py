"""Readers: from dialogue to `UserState`."""
