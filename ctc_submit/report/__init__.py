"""What a person looks at: overlays, plots, pages."""
