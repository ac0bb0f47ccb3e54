"""The composition root: from settings to an application and a worker."""
