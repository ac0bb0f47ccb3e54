"""Attachments: uploads, deletion, and objects that no row owns."""
