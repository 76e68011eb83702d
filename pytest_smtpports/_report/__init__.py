"""Captured mail and connections, and what is made of them: files, a summary, a page."""
