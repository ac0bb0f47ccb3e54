"""The composition root: builds the application and the worker from the settings."""
