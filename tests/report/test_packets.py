import base64
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.report.packed import unpack_labels
from ctc_submit.report.packets import Packet, packets
from ctc_submit.report.subject import describe
from tests.report.drawn_results import MISSED, SHAPE, answer_at, draw_sequence, labels_at


def packet_of(sequence: Sequence, time: int, truth: str | None = None) -> Packet:
    subject = describe([sequence.result], sequence, truth=truth, frames_needed=False)
    return packets(subject, 90)(time)


@pytest.mark.parametrize("depth", [0, 3])
def test_frame_truth_and_result(tmp_path: Path, depth: int) -> None:
    packet = packet_of(draw_sequence(tmp_path, depth), 1)
    assert packet["size"] == list(SHAPE)
    assert packet["truth"]["kind"] == "SEG" and packet["truth"]["leftOut"] == 0
    assert (unpack_labels(packet["truth"]["map"], SHAPE) == labels_at(1)).all()
    (result,) = packet["results"]
    assert (unpack_labels(result["map"], SHAPE) == answer_at(1)).all()
    assert result["cells"] == 2 and result["matches"] == [[1, 1, 0.875], [2, 2, 1.0]]
    with Image.open(io.BytesIO(base64.b64decode(packet["raw"]))) as picture:
        grey = np.asarray(picture, int)
    assert grey.shape == SHAPE and grey[labels_at(1) > 0].mean() > grey[labels_at(1) == 0].mean()


def test_a_missed_object_has_no_answer(tmp_path: Path) -> None:
    packet = packet_of(draw_sequence(tmp_path), MISSED[0])
    assert packet["results"][0]["cells"] == 2
    assert [MISSED[1], 0, 0.0] in packet["results"][0]["matches"]


def test_without_cells_truth_or_frame(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    write_labels(sequence.result / "mask002.tif", np.zeros(SHAPE, np.uint16))
    shutil.rmtree(sequence.folder)
    packet = packet_of(Sequence.at(sequence.folder), 2, truth="")
    assert packet["raw"] is None and packet["truth"] is None
    assert packet["results"][0]["cells"] == 0 and packet["results"][0]["matches"] == []
    assert not unpack_labels(packet["results"][0]["map"], SHAPE).any()


def test_markers_stand_in_where_there_are_no_outlines(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    (sequence.gold / "SEG" / "man_seg001.tif").unlink()
    assert packet_of(sequence, 1)["truth"]["kind"] == "TRA"


def test_cells_that_the_outlines_leave_out_are_counted(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    partial = labels_at(1)
    partial[partial == 2] = 0
    write_labels(sequence.gold / "SEG" / "man_seg001.tif", partial)
    assert packet_of(sequence, 1)["truth"]["leftOut"] == 1


def test_fewer_masks_than_frames(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    (sequence.result / "mask005.tif").unlink()
    packet = packet_of(sequence, 5)
    assert packet["results"] == [None] and packet["raw"] is not None


def test_sizes_must_agree(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    write_labels(sequence.result / "mask001.tif", labels_at(1)[1:])
    with pytest.raises(DataError, match=r"mask001\.tif: is 59×80 pixels, its frame is 60×80"):
        packet_of(sequence, 1)
    write_labels(sequence.gold / "SEG" / "man_seg002.tif", labels_at(1)[2:])
    with pytest.raises(DataError, match=r"man_seg002\.tif: is 58×80 pixels, its frame is 60×80"):
        packet_of(sequence, 2)
