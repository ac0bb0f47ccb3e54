"""The page and the chart of the figures."""
