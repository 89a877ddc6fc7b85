import ctypes
import platform
import subprocess
import sys

import pytest
import torch

from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet
from ctc_submit.train import loop
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.loop import Learner
from ctc_submit.train.memory import keep_freed_memory

FAULTS = """
import resource, sys
import torch
from ctc_submit.train.memory import keep_freed_memory
told = sys.argv[1] == "kept" and keep_freed_memory()
for step in range(24):
    if step == 4:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    tensors = [torch.ones(10_000_000 + 1000 * k) for k in range(3)]
    del tensors
print(int(told), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_the_memory_of_a_step_is_there_for_the_next() -> None:
    outcomes = {}
    for way in ("kept", "returned"):
        ended = subprocess.run(
            [sys.executable, "-c", FAULTS, way], capture_output=True, text=True, check=True
        )
        outcomes[way] = [int(word) for word in ended.stdout.split()]
    assert outcomes["kept"][0] == 1
    assert outcomes["returned"][0] == 0
    pages = 20 * 3 * 40_000_000 // 4096
    assert outcomes["returned"][1] > pages / 600  # huge pages of 2 MiB at the most
    assert outcomes["kept"][1] < outcomes["returned"][1] / 5


def test_another_c_library_goes_on_as_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library(name: object) -> None:
        raise OSError(name)

    keep = keep_freed_memory.__wrapped__
    monkeypatch.setattr(ctypes, "CDLL", no_library)
    assert not keep()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not keep()


def test_a_training_on_a_cpu_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(loop, "keep_freed_memory", lambda: asked.append(1))
    method = UNet(UNetConfig(width=2, depth=1))
    Learner(method, TrainConfig(), 1)
    assert asked
    asked.clear()
    method.net.to(torch.device("meta"))
    Learner(method, TrainConfig(precision="float32", ema=0), 1)
    assert not asked
