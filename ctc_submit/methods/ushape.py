"""The U-shaped network (Ronneberger et al. 2015) that several methods share, each with its outputs.

Differences from the original: convolutions are padded, so that the answer is as large as the image;
features are enlarged bilinearly instead of by transposed convolutions, which leaves no
checkerboard; normalisation of the features can be switched on; and a pretrained encoder can take
the place of the contracting path.
"""

from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ctc_submit.errors import CheckpointError
from ctc_submit.methods.backbones import fill_body
from ctc_submit.methods.encoder import Encoder
from ctc_submit.methods.state_file import read_state

BODY = "backbone.body."
"""What the names of the backbone's tensors begin with in a Mask R-CNN."""
GROUP = 8
"""Least channels that group normalisation takes together."""


class Block(nn.Sequential):
    """Two 3×3 convolutions, each with normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int, norm: str) -> None:
        """Build it; ``norm`` is ``group``, ``batch`` or ``none``."""
        layers: list[nn.Module] = []
        for channels in (inputs, outputs):
            layers.append(nn.Conv2d(channels, outputs, 3, padding=1))
            layers += [*_normalisation(norm, outputs), nn.ReLU(inplace=True)]
        super().__init__(*layers)


class UShape(nn.Module):
    """A contracting path, an expanding path, and a 1×1 convolution that answers every pixel."""

    def __init__(
        self,
        *,
        width: int,
        depth: int,
        outputs: int,
        norm: str = "group",
        scale: float = 1.0,
        encoder: str = "none",
        stride: int = 1,
    ) -> None:
        """Build it with Xavier-normal weights and zero biases.

        Args:
            width: Channels at full size; they double with every level.
            depth: How often the size is halved, 0 or more; an encoder has a depth of its own.
            outputs: Values a pixel.
            norm: ``group`` (a frame's answer does not depend on its batch), ``batch`` or ``none``
                (as in the original).
            scale: Images are resized by this inside, and the answer back; 0.5 takes a quarter of
                the time and sees twice as far.
            encoder: One of `ENCODERS` as the contracting path; ``none``: its own of `Block`.
            stride: The expanding path ends at this share of the size, a power of two that the depth
                reaches, and the answer is enlarged; what full size would add is not computed.

        Raises:
            ValueError: If the depth does not reach the stride.
        """
        super().__init__()
        self.scale, self.stride = scale, stride
        path = None if encoder == "none" else Encoder(encoder)
        channels = [width << level for level in range(depth + 1)]
        skips = channels
        if path is None:
            self.down = nn.ModuleList(Block(*pair, norm) for pair in pairwise([1, *channels]))
        else:
            skips = path.channels
            channels = [*(width << level for level in range(len(skips) - 1)), skips[-1]]
        last = stride.bit_length() - 1
        if stride != 1 << last or last >= len(skips):
            raise ValueError(f"a path of {len(skips) - 1} steps cannot end at a stride of {stride}")
        self.up = nn.ModuleList(
            Block(skip + low, up, norm) if level >= last else nn.Identity()
            for level, (skip, (up, low)) in enumerate(
                zip(skips[:-1], pairwise(channels), strict=True)
            )
        )
        self.head = nn.Conv2d(channels[last], outputs, 1)
        self.apply(_xavier)
        self.encoder = path

    def forward(self, images: Tensor) -> Tensor:
        """Return logits.

        Args:
            images: float B1YX of any size; padded inside by repeating the last row and column.

        Returns:
            B, outputs, Y, X.
        """
        if self.scale == 1:
            return self._answer(images)
        height, width = images.shape[-2:]
        small = (max(round(height * self.scale), 1), max(round(width * self.scale), 1))
        resized = F.interpolate(images.float(), small, mode="bilinear", antialias=self.scale < 1)
        return F.interpolate(self._answer(resized), (height, width), mode="bilinear")

    def _answer(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        whole = 1 << len(self.up)
        x = F.pad(images, (0, -width % whole, 0, -height % whole), mode="replicate")
        skips = self._contracted(x)
        x = skips.pop()
        for block in reversed(self.up):
            if isinstance(block, nn.Identity):
                break
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = block(torch.cat([skips.pop().to(x.dtype), x], dim=1))
        answer: Tensor = self.head(x)
        if self.stride > 1:
            answer = F.interpolate(answer.float(), scale_factor=self.stride, mode="bilinear")
        return answer[..., :height, :width]

    def _contracted(self, x: Tensor) -> list[Tensor]:
        """Return the features of every level, finest first."""
        if self.encoder is not None:
            levels: list[Tensor] = self.encoder(x)
            return levels
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            skips.append(x)
        return skips


def stacked(maps: list[Tensor], images: Tensor) -> Tensor:
    """Stack the target maps of a batch, padded right and below with 0 as its images are.

    Args:
        maps: One map an image, CYX, each at most as large as the images.
        images: BCYX.

    Returns:
        B first, then the maps' axes, with height and width of the images.
    """
    height, width = images.shape[-2:]
    return torch.stack(
        [F.pad(one, (0, width - one.shape[-1], 0, height - one.shape[-2])) for one in maps]
    )


def load_weights(net: UShape, source: str) -> bool:
    """Load a network's weights from a file.

    Args:
        net: Its parameters are replaced, or those of its encoder alone, where the file holds a Mask
            R-CNN: from that the body of its backbone is taken. One whose answer is finer gives all
            that both have; the last layer then stays as it is.
        source: Path of a file or a model's folder (`read_state`); ``none``, ``imagenet`` and
            ``coco`` load nothing, as nobody offers these networks pretrained.

    Returns:
        Whether weights were loaded.

    Raises:
        CheckpointError: If the file cannot be read or holds another network.
    """
    if source in {"none", "imagenet", "coco"}:
        return False
    state = read_state(Path(source))
    body = {k.removeprefix(BODY): v for k, v in state.items() if k.startswith(BODY)}
    try:
        if body and net.encoder is not None:
            fill_body(net.encoder.body, body, "its weights")
        else:
            _load(net, state)
    except (CheckpointError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"{source}: does not hold this network's weights ({reason}); width, depth, norm and "
            "encoder must be those it was trained with"
        ) from error
    return True


def _load(net: UShape, state: dict[str, Tensor]) -> None:
    """Load a state dict, without the levels that are finer than the network's answer."""
    finer = tuple(f"up.{n}." for n, one in enumerate(net.up) if isinstance(one, nn.Identity))
    kept = {k: v for k, v in state.items() if not k.startswith(finer)}
    if len(kept) < len(state):
        kept |= {f"head.{k}": v for k, v in net.head.state_dict().items()}
    net.load_state_dict(kept)


def _normalisation(norm: str, channels: int) -> list[nn.Module]:
    if norm == "none":
        return []
    if norm == "batch":
        return [nn.BatchNorm2d(channels)]
    if norm == "group":
        groups = max(1, channels // GROUP)
        return [nn.GroupNorm(groups if channels % groups == 0 else 1, channels)]
    raise ValueError(f"norm must be group, batch or none, not {norm!r}")


def _xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
