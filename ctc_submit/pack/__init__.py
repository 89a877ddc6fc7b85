"""Rules, scripts and archives: all that stands between a result and its upload."""
