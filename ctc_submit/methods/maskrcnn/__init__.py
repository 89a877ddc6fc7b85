"""Mask R-CNN for cell and background (He et al. 2017; Lin & Norouzi 2021)."""
