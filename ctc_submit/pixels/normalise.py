"""Percentile scaling to float32: what every network gets to see."""

import numpy as np

LOW, HIGH = 1.0, 99.8
"""Percentiles of a frame that become 0 and 1."""

SAMPLE = 65_536
"""About how many pixels the percentiles are taken from."""


def normalise(frame: np.ndarray) -> np.ndarray:
    """Scale a frame so that its 1st percentile is 0 and its 99.8th is 1.

    The percentiles are those of a regular grid of about 65,000 pixels (every pixel of a smaller
    frame). Where they are equal, though the frame is not constant (few bright cells on an even
    ground), its least and greatest value take their place; a constant frame becomes 0 everywhere.

    Values outside [0, 1] are bent, not cut: x < 0 becomes tanh(x), x > 1 becomes 1 + tanh(x - 1).
    So the order of any two pixels is kept, the slope is 1 at both ends, and the result lies within
    [-1, 2] however bright a piece of dust is.

    Args:
        frame: YX (or ZYX), integers or finite floats.

    Returns:
        float32 of the same shape, C-contiguous.

    Raises:
        ValueError: If the frame has no pixel or is of another kind than number.
    """
    if frame.size == 0 or frame.dtype.kind not in "buif":
        raise ValueError(f"a frame must have numbers, not {frame.dtype} of shape {frame.shape}")
    low, high = _ends(frame)
    if high <= low:
        return np.zeros(frame.shape, np.float32)
    narrow = frame.dtype.itemsize <= 2  # float32 holds integers up to 2**24 only
    scaled = np.subtract(frame, low, dtype=np.float32 if narrow else np.float64)
    scaled /= high - low
    return _bend(np.ascontiguousarray(scaled, np.float32))


def _ends(frame: np.ndarray) -> tuple[float, float]:
    """Return the values that become 0 and 1; equal for a constant frame."""
    step = max(1, int((frame.size / SAMPLE) ** (1 / frame.ndim)))
    sample = frame[(slice(None, None, step),) * frame.ndim].astype(np.float64)
    low, high = (float(value) for value in np.percentile(sample, (LOW, HIGH)))
    if high > low:
        return low, high
    return float(frame.min()), float(frame.max())


def _bend(scaled: np.ndarray) -> np.ndarray:
    below, above = scaled < 0, scaled > 1
    scaled[below] = np.tanh(scaled[below])
    scaled[above] = 1 + np.tanh(scaled[above] - 1)
    return scaled
