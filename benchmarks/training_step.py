"""Time of a training step of the light Mask R-CNN, and of what makes it fast on a CPU.

python benchmarks/training_step.py [--images 40]
python benchmarks/training_step.py --memory returned --only-training
"""

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import timm
import torch
from torch import Tensor, nn
from torchvision.ops import MultiScaleRoIAlign

from ctc_submit.methods.backbones import STRIDES, LitePyramid
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from ctc_submit.methods.maskrcnn.net import Doubling
from ctc_submit.methods.maskrcnn.pooling import LEVELS, RegionAlign
from ctc_submit.pixels.augment import RECOMMENDED
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings
from ctc_submit.train import loop
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.crops import Batches, Order
from ctc_submit.train.loop import Learner, learn
from ctc_submit.train.selection import Selection
from ctc_submit.train.survey import cell_sizes, survey

LEFT_OUT = 3
"""First steps that are not counted: caches fill, the loader's process starts."""


def training(folder: Path, size: int, images: int, config: TrainConfig) -> tuple[float, float]:
    """Train on simulated frames; returns seconds an image and the share of them spent waiting."""
    settings = SimulationSettings(frames=8, height=size, width=size)
    for _ in write_dataset(folder / "SIM", settings):
        pass
    examples = Selection((folder / "SIM",), truth="GT").examples()
    method = MaskRCNN.of(MaskRCNN.fitted(MaskRCNNConfig(), cell_sizes(survey(examples).values())))
    order = Order(len(examples), config.batch, config.seed)
    steps = images // config.batch + LEFT_OUT
    batches = Batches(
        examples,
        partial(method.targets, config=method.config),
        order=order,
        augmentation=RECOMMENDED,
        crop=config.crop,
        steps=range(steps),
    )
    reports = list(learn(Learner(method, config, order.steps), batches))[LEFT_OUT:]
    seconds = sum(report.seconds for report in reports)
    waited = sum(report.waited for report in reports)
    return seconds / len(reports) / config.batch, waited / seconds


def gradient(layer: nn.Module, shape: tuple[int, ...], kind: torch.dtype) -> float:
    """Return the median milliseconds of a layer's answer and gradient, channels last."""
    layer = layer.to(memory_format=torch.channels_last)
    data = torch.randn(shape).contiguous(memory_format=torch.channels_last)

    def step() -> None:
        image = data.detach().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=kind == torch.bfloat16):
            answer: Tensor = layer(image.to(kind))
        answer.float().sum().backward()  # type: ignore[no-untyped-call]

    return milliseconds(step)


def features(body: nn.Module, batch: int, size: int) -> float:
    """Return the median milliseconds of a feature extractor's answer and gradient in bfloat16."""
    body = body.to(memory_format=torch.channels_last).eval()
    images = torch.randn(batch, 3, size, size).contiguous(memory_format=torch.channels_last)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            levels = body(images)
        total = torch.stack([level.float().mean() for level in levels]).sum()
        total.backward()  # type: ignore[no-untyped-call]

    return milliseconds(step, 5)


def pooling(layer: nn.Module, size: int, count: int) -> float:
    """Return the median milliseconds of cutting regions out of a pyramid, with gradient."""
    sides = [size // stride for stride in STRIDES]
    pyramid = {
        level: torch.randn(1, 128, side, side)
        .contiguous(memory_format=torch.channels_last)
        .requires_grad_()
        for level, side in zip(LEVELS, sides, strict=False)
    }
    corner, extent = torch.rand(2, count, 2) * size / 2
    boxes = torch.cat([corner, corner + extent], 1)

    def step() -> None:
        layer(pyramid, [boxes], [(size, size)]).sum().backward()

    return milliseconds(step)


def milliseconds(step: Callable[[], object], times: int = 9) -> float:
    """Return the median time of a step; the first two are not counted."""
    taken = []
    for _ in range(times + 2):
        start = time.perf_counter()
        step()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken[2:])


def compare(what: str, slow: tuple[str, float], fast: tuple[str, float]) -> None:
    """Print two times and their ratio."""
    print(
        f"{what}: {slow[0]} {slow[1]:.1f} ms, {fast[0]} {fast[1]:.1f} ms, "
        f"{slow[1] / fast[1]:.1f} times"
    )


@click.command()
@click.option("--images", default=40, show_default=True, help="Images to train on; 0: none.")
@click.option("--size", default=512, show_default=True, help="Their side. [px]")
@click.option("--batch", default=2, show_default=True, help="Images a step.")
@click.option("--workers", default=1, show_default=True, help="Processes that prepare them.")
@click.option("--precision", default="auto", show_default=True, help="Of the network.")
@click.option(
    "--memory",
    default="kept",
    show_default=True,
    type=click.Choice(["kept", "returned"]),
    help="What becomes of memory that a step has freed; returned: as the C library has it.",
)
@click.option("--only-training", is_flag=True, help="Leave the comparisons out.")
def main(
    images: int,
    size: int,
    batch: int,
    workers: int,
    precision: str,
    memory: str,
    only_training: bool,
) -> None:
    """Print seconds an image in training, and the comparisons that the code relies on."""
    if 0 < images < batch:
        raise click.UsageError(f"--images {images} is less than a batch; give {batch} or more")
    torch.manual_seed(0)
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    if memory == "returned":
        vars(loop)["keep_freed_memory"] = lambda: False
    if images:
        config = TrainConfig(
            batch=batch,
            crop=size,
            workers=workers,
            precision=precision,  # type: ignore[arg-type]
            pretrained="none",
        )
        with tempfile.TemporaryDirectory() as folder:
            seconds, share = training(Path(folder), size, images, config)
        print(
            f"training: {seconds:.3f} s an image of {size}×{size}, "
            f"{share:.1%} of it waiting for the loader, peak "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, memory {memory}"
        )
    if only_training:
        return
    for channels, side, kernel in ((96, size // 2, 3), (144, size // 4, 3), (240, size // 8, 5)):
        layer = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        shape = (batch, channels, side, side)
        compare(
            f"depthwise {kernel}×{kernel}, {channels} channels, {side}×{side}, with gradient",
            ("bfloat16", gradient(layer, shape, torch.bfloat16)),
            ("float32", gradient(layer, shape, torch.float32)),
        )
    known = timm.create_model("tf_efficientnet_lite0", features_only=True, out_indices=(1, 2, 3, 4))
    compare(
        f"features of {batch} images {size}×{size}, fixed normalisation, with gradient",
        ("timm", features(known, batch, size)),
        ("folded", features(LitePyramid("tf_efficientnet_lite0", 128).body, batch, size)),
    )
    for points, samples, regions in ((7, 2, 128 * batch), (28, 1, 32 * batch)):
        compare(
            f"RoIAlign of {regions} regions {points}×{points}, {size}×{size}, with gradient",
            (
                "torchvision",
                pooling(MultiScaleRoIAlign(list(LEVELS), points, samples), size, regions),
            ),
            ("RegionAlign", pooling(RegionAlign(points, samples), size, regions)),
        )
    shape = (32 * batch, 128, 28, 28)
    for kind, name in ((torch.float32, "float32"), (torch.bfloat16, "bfloat16")):
        compare(
            f"doubling 128 channels of {shape[0]} regions 28×28 in {name}, with gradient",
            ("ConvTranspose2d", gradient(nn.ConvTranspose2d(128, 128, 2, 2), shape, kind)),
            ("Doubling", gradient(Doubling(128, 128, 2, 2), shape, kind)),
        )


if __name__ == "__main__":
    main()
