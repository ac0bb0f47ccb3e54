"""Signed URLs, and the pages that portal links may lead to."""
