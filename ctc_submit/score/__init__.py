"""The judge: the challenge's measures, as its own evaluator takes them. Never imports torch."""
