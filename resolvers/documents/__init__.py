"""Persisted documents: manifests, publishing, retiring."""
