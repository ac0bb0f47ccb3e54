"""The metrics of a server and of a worker, if PORTICO_METRICS_PORT is set. Otherwise nothing is counted, and prometheus-client is not imported."""
