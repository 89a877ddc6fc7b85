from pathlib import Path

import numpy as np

from ctc_submit.data.labels import write_labels
from ctc_submit.data.unfinished import keep_whole_masks


def test_what_is_no_whole_mask_is_cleared(tmp_path: Path) -> None:
    for time in range(4):
        write_labels(tmp_path / f"mask{time:03d}.tif", np.zeros((8, 9), np.uint16))
    (tmp_path / "mask001.tif").write_bytes(b"")
    whole = (tmp_path / "mask002.tif").read_bytes()
    (tmp_path / "mask002.tif").write_bytes(whole[: len(whole) // 2])
    write_labels(tmp_path / "mask004.tif", np.zeros((9, 9), np.uint16))
    (tmp_path / ".mask005.tif.partial").write_bytes(b"half")
    (tmp_path / "run.json").write_text("{}")
    assert keep_whole_masks(tmp_path) == (8, 9)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["mask000.tif", "mask003.tif", "run.json"]


def test_nothing_is_left_of_nothing(tmp_path: Path) -> None:
    assert keep_whole_masks(tmp_path) is None
