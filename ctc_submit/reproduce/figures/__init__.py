"""The paper's Figures 1 to 6, from frames, truth and models of one's own."""
