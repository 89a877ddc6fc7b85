"""Training examples as tensors, augmented; the same for the same seed, whoever prepares them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from ctc_submit.data.frames import frame_size
from ctc_submit.errors import CtcError
from ctc_submit.pixels.augment import AugmentSettings, augment
from ctc_submit.pixels.normalise import normalise
from ctc_submit.train.split import Example

Item = tuple[Tensor, dict[str, Tensor]]
Step = tuple[Tensor, list[dict[str, Tensor]]]
Targets = Callable[[np.ndarray], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Order:
    """In which order frames are learned from: shuffled anew in every epoch, by the seed alone."""

    frames: int
    batch: int
    seed: int

    @property
    def steps(self) -> int:
        """Steps an epoch; a last, smaller batch is left to chance in other epochs."""
        return max(1, self.frames // self.batch)

    def frames_of(self, step: int) -> list[int]:
        """Return which frames step number ``step`` (from 0, over all epochs) looks at."""
        epoch, place = divmod(step, self.steps)
        shuffled = np.random.default_rng([self.seed, 1, epoch]).permutation(self.frames)
        picked = shuffled[place * self.batch : (place + 1) * self.batch]
        return [int(frame) for frame in picked]


class Batches(Dataset[Step | CtcError]):
    """Step number to batch, whatever was asked for before."""

    def __init__(
        self,
        examples: list[Example],
        targets: Targets,
        *,
        order: Order,
        augmentation: AugmentSettings,
        crop: int | None,
        steps: range,
        places: list[int] | None = None,
    ) -> None:
        """Prepare the batches of some steps.

        Args:
            examples: What to learn from.
            targets: The method's, with its settings; sent to the processes that prepare batches,
                so nothing large may hang on it.
            order: Which frames a step looks at.
            augmentation: How they are varied.
            crop: Height and width of what is cut out of a frame in pixels; None: all of it.
            steps: The steps to prepare, numbered over all epochs.
            places: Which of a step's frames to prepare, as the others are another process's; None:
                all.
        """
        self.examples, self.targets = examples, targets
        self.order, self.augmentation = order, augmentation
        self.crop, self.steps, self.places = crop, steps, places

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.steps)

    def __getitem__(self, index: int) -> Step | CtcError:
        """Return images, float32 B1YX, and a dictionary of targets for each.

        What is wrong with a frame is returned as well: raised in another process it would come with
        that one's traceback.

        Images are as large as the largest of the step, whichever process prepares that one. Beside
        the method's targets stands the frame's ``seed``, of what is drawn at random in its losses.
        """
        try:
            return self._step(self.steps[index])
        except CtcError as error:
            return error

    def _step(self, step: int) -> Step:
        frames = self.order.frames_of(step)
        places = range(len(frames)) if self.places is None else self.places
        items = [
            self._item(frames[place], np.random.default_rng([self.order.seed, 2, step, place]))
            for place in places
        ]
        return collate(items, self._size(frames))

    def _item(self, frame: int, rng: np.random.Generator) -> Item:
        raw, labels = self.examples[frame].read()
        image, labels = augment(
            normalise(raw), labels, settings=self.augmentation, rng=rng, crop=self.crop
        )
        targets = {name: torch.from_numpy(value) for name, value in self.targets(labels).items()}
        targets["seed"] = torch.tensor(int(rng.integers(1 << 62)))
        return torch.from_numpy(np.ascontiguousarray(image))[None], targets

    def _size(self, frames: list[int]) -> tuple[int, int]:
        """Return height and width of the images of a step."""
        if self.crop is not None:
            return self.crop, self.crop
        sizes = [frame_size(self.examples[frame].frame) for frame in frames]
        return max(height for height, _ in sizes), max(width for _, width in sizes)


def collate(items: list[Item], size: tuple[int, int]) -> tuple[Tensor, list[dict[str, Tensor]]]:
    """Stack images, padded right and below with 0 to one size; targets stay a list."""
    height, width = size
    images = [
        F.pad(image, (0, width - image.shape[-1], 0, height - image.shape[-2]))
        for image, _ in items
    ]
    return torch.stack(images), [targets for _, targets in items]
