"""Metrics: the series that exporters of a real cluster would give, with a little history, and alerts upon them."""
