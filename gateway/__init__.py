"""The process: settings, HTTP, command line. Imports everything; nothing imports it."""
