"""Pixel-wise losses, pure functions of logits, target and weights; one file a loss."""
