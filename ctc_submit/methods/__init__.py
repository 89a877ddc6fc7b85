"""Segmentation methods, plugs behind one contract; nothing outside asks which one it has."""
