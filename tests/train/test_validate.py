"""What a score is made of, by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ctc_submit.checkpoint import Card, read_card, write_card
from ctc_submit.data.labels import write_labels
from ctc_submit.train.split import Example
from ctc_submit.train.validate import judge, record_score, score_entry


def example(folder: Path, time: int, *cells: tuple[int, int]) -> Example:
    """A frame 40 wide whose cells are runs of columns, its grey values the number of the frame."""
    labels = np.zeros((1, 40), np.uint16)
    for label, (begin, end) in enumerate(cells, start=1):
        labels[0, begin:end] = label
    frame, mask = folder / f"t{time:03d}.tif", folder / f"man_seg{time:03d}.tif"
    tifffile.imwrite(frame, np.full(labels.shape, time, np.uint8))
    write_labels(mask, labels)
    return Example(f"Zellen/01/t{time:03d}", frame, mask)


def answer(frame: np.ndarray) -> np.ndarray:
    labels = np.zeros(frame.shape, np.uint16)
    if frame[0, 0] == 0:
        labels[0, 0:8] = 5  # 8 of 10
        labels[0, 15:20] = 6  # exactly half of 10: no match
        labels[0, 30:32] = 7  # nothing there
    else:
        labels[0, 0:10] = 2
    return labels


def test_every_number_by_hand(tmp_path: Path) -> None:
    frames = [example(tmp_path, 0, (0, 10), (10, 20)), example(tmp_path, 1, (0, 10), (20, 24))]
    outcome = judge(answer, frames)
    assert (outcome.frames, outcome.cells) == (2, 4)
    assert outcome.seg == pytest.approx((0.8 + 0 + 1 + 0) / 4)
    assert outcome.matched == pytest.approx(0.9)
    assert (outcome.missed, outcome.spurious) == (0.5, 0.5)
    found = {name: values.tolist() for name, values in outcome.by_frame.items()}
    assert found == {"Zellen/01/t000": [0.8, 0], "Zellen/01/t001": [1, 0]}
    entry = score_entry(outcome, "test", {"truth": "ST"})
    assert entry == {
        "protocol": "test",
        "measure": "SEG",
        "value": 0.45,
        "matched": 0.9,
        "missed": 0.5,
        "spurious": 0.5,
        "frames": 2,
        "cells": 4,
        "data": {"truth": "ST"},
    }


def test_without_a_cell_there_is_no_number(tmp_path: Path) -> None:
    outcome = judge(answer, [example(tmp_path, 0)])
    assert (outcome.frames, outcome.cells) == (1, 0)
    numbers = (outcome.seg, outcome.matched, outcome.missed, outcome.spurious)
    assert all(map(math.isnan, numbers))
    entry = score_entry(outcome, "test", {})
    assert [entry[k] for k in ("value", "matched", "missed", "spurious")] == [None] * 4


def test_where_nothing_was_found_all_is_missed(tmp_path: Path) -> None:
    outcome = judge(np.zeros_like, [example(tmp_path, 0, (0, 10))])
    assert (outcome.seg, outcome.missed, outcome.spurious) == (0, 1, 0)
    assert math.isnan(outcome.matched)


def test_a_card_keeps_one_score_a_protocol(tmp_path: Path) -> None:
    write_card(tmp_path, Card("m", "unet", {}))
    outcome = judge(answer, [example(tmp_path, 1, (0, 10))])
    worse = judge(np.zeros_like, [example(tmp_path, 1, (0, 10))])
    record_score(tmp_path, worse, "a", {})
    record_score(tmp_path, outcome, "b", {})
    record_score(tmp_path, outcome, "a", {})
    scores = [(score["protocol"], score["value"]) for score in read_card(tmp_path).scores]
    assert scores == [("b", 1.0), ("a", 1.0)]
