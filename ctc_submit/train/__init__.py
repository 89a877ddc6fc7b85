"""Learning: which frames, which crops of them, the loop, the validation, and the whole run."""
