"""Clockwire: time-tracking events, from the clock to the pipeline."""

__version__ = "0.1.0"
