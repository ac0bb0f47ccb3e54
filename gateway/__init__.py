"""The process: settings, HTTP, command line. It may import every other package; none imports it."""
