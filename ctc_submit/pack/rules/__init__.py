"""The rules of the challenge, one small function each, yielding a `Problem` for every breach.

A breach is a fault where the challenge's evaluator answers with an error or silently reads nothing,
or where the submission rules say how it must be; anything else that is worth a look is a warning.
"""
