"""Responses that go on: server-sent events, and parts of multipart/mixed."""
