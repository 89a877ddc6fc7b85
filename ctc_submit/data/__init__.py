"""The nouns, as they lie on disk: data sets, sequences, frames, label maps, tracks, instances."""
