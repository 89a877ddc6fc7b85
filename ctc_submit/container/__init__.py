"""Runs in a container: the image is built, run and judged through the engine's own library."""
