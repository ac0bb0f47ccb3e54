"""Sign-in, sessions, profile, links and grants."""
