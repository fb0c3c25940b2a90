"""The doors people use: command line and page."""
