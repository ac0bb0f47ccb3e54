"""Persisted documents: manifests, publishing, deprecating, retiring."""
