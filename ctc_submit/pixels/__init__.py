"""Pure array work: no file, no network, no torch."""
