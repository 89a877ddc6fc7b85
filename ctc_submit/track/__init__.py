"""Linking label maps into tracks: tables of cells, assignments, lineages, and their writing."""
