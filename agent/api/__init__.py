"""The API: OpenAI-compatible chat beside our own endpoints."""
