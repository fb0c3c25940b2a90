"""The HTTP door: an OpenAI-compatible API."""
