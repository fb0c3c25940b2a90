"""The agent: understands, decides what to do, and says it."""
