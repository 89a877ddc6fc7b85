"""Several models, one label map."""
