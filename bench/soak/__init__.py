"""A long run of two servers and a worker under a mixed load: what grows, and what the dashboard shows meanwhile."""
