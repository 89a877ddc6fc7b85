import numpy as np

from ctc_submit.report.names import places, write_names
from tests.scenes import drawn


def bright(picture: np.ndarray) -> np.ndarray:
    """Rows and columns of white text."""
    return np.argwhere(picture.min(axis=2) > 200)


def test_a_label_goes_to_the_middle_of_its_cell() -> None:
    labels = drawn(".......\n.111...\n.111.22\n.111.22\n.......")
    assert places(labels) == {1: (2, 2), 2: (2, 6)}
    assert places(np.zeros((3, 3), np.uint16)) == {}


def test_a_label_lies_on_its_cell_even_of_a_crescent() -> None:
    labels = drawn("11111\n1...1\n1.2.1\n1...1")
    assert places(labels)[2] == (2, 2)
    row, column = places(labels)[1]
    assert labels[row, column] == 1
    ring = drawn("111\n1.1\n111")
    row, column = places(ring)[1]
    assert ring[row, column] == 1


def test_text_is_white_with_a_black_rim() -> None:
    labels = np.zeros((60, 60), np.uint16)
    labels[20:41, 20:41] = 7
    grey = np.full((60, 60, 3), 90, np.uint8)
    picture = write_names(grey, labels)
    assert np.abs(bright(picture).mean(axis=0) - 30).max() < 2
    assert (picture == 0).all(axis=2).sum() > 20
    assert (grey == 90).all()


def test_text_stays_in_the_picture() -> None:
    labels = np.zeros((60, 60), np.uint16)
    labels[0, 0], labels[59, 59], labels[0, 59] = 10_000, 60_000, 3
    whole = np.zeros((200, 200), np.uint16)
    whole[50, 50], whole[150, 150], whole[50, 150] = 10_000, 60_000, 3
    cut, free = (
        bright(write_names(np.full((*each.shape, 3), 90, np.uint8), each))
        for each in (labels, whole)
    )
    assert len(cut) == len(free)  # not a pixel of the text is cut off


def test_large_pictures_have_larger_text() -> None:
    def height(side: int) -> int:
        labels = np.zeros((side, side), np.uint16)
        labels[side // 2, side // 2] = 8
        rows = bright(write_names(np.full((side, side, 3), 90, np.uint8), labels))[:, 0]
        return int(np.ptp(rows))

    assert height(1200) > 2 * height(200)
