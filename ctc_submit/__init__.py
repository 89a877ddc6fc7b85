"""Cell Tracking Challenge submission toolkit."""

__version__ = "0.1.0"
