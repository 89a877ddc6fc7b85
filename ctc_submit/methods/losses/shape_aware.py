"""Shape-Aware Loss (Lin & Norouzi 2021, equations 2 and 3)."""

from torch import Tensor

from ctc_submit.methods.losses.bce import bce


def shape_aware(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return Σ w·l / Σ w, with l the binary cross-entropy of a pixel and w its weight.

    Equation 2 is the bare sum −Σ w·log p_t, w the map of equation 3
    (`ctc_submit.pixels.weights.shape_aware_weights`). A sum grows with the number of pixels, so it
    must be divided by something. Here that is Σ w and not the number of pixels N, because:

    - the loss is a weighted mean, so its scale does not depend on α, on #background/#foreground or
      on how much of a frame is near a boundary (with N it would be about 2 on a sparse frame and
      over 10 on a dense one); the weights then say *where* to look and the learning rate says how
      fast to go, neither changes the other, and α and σ can be tuned at one learning rate;
    - in Mask R-CNN the mask term is added to four others: with N it would weigh several times more
      than with plain cross-entropy, and a comparison of losses would compare that balance;
    - it is ln 2 at logits of 0, as cross-entropy is, and equals cross-entropy for constant w, so
      curves of the two can be read side by side.

    The sums run over all elements given (a batch of frames, or the regions of a batch), not per
    region: a region full of boundary pixels keeps its greater share. As Adam's steps do not change
    when the loss is multiplied by a constant, the two choices would differ little for a network
    trained with this loss alone.

    Args:
        logits: Any shape, any float type; computed in float32 at least.
        target: y in [0, 1], same shape.
        weights: The map of equation 3, sampled to the same shape like the target is; 0 leaves a
            pixel out. Required: without it this loss would silently be cross-entropy.

    Returns:
        Scalar; 0 where no pixel has weight.

    Raises:
        ValueError: If there are no weights or the shapes differ.
    """
    if weights is None:
        raise ValueError("the shape-aware loss needs weights: the map of equation 3")
    return bce(logits, target, weights)
