"""Colours that tell labels apart, for colour-blind eyes too."""

import numpy as np

_HUES = np.array(
    [
        (230, 159, 0),
        (86, 180, 233),
        (0, 158, 115),
        (240, 228, 66),
        (213, 94, 0),
        (204, 121, 167),
        (0, 114, 178),
    ],
    np.uint8,
)
"""The seven colours of Okabe and Ito (Color Universal Design, 2008) without black."""

_TINTS = (0.0, 0.4, -0.3)
"""Each further round through the hues is mixed with white, then with black."""


def palette(most: int) -> np.ndarray:
    """Return the colour of every label from 0 to ``most``.

    Labels that follow each other differ in hue; 21 labels in a row all differ. A label has the
    same colour in every frame and every sequence.

    Returns:
        uint8 of shape (most + 1, 3), red green blue; label 0 is black.
    """
    rounds = []
    for tint in _TINTS:
        towards = 255.0 if tint > 0 else 0.0
        rounds.append(_HUES + abs(tint) * (towards - _HUES))
    colours = np.rint(np.concatenate(rounds)).astype(np.uint8)
    table = np.zeros((most + 1, 3), np.uint8)
    table[1:] = colours[np.arange(most) % len(colours)]
    return table
