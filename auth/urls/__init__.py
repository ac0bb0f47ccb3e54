"""Signed URLs, and where portal links may lead."""
