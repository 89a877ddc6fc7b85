"""The paper's figures: which are made of what, and what is on them."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from matplotlib import rc_context
from PIL import Image

from ctc_submit.checkpoint import Card, read_card, write_card
from ctc_submit.cli.main import main
from ctc_submit.data.labels import write_labels
from ctc_submit.ensemble import members
from ctc_submit.errors import DataError
from ctc_submit.reproduce.figures.answers import coloured_alike, entrants, invited
from ctc_submit.reproduce.figures.panels import STYLE, Panel, draw
from ctc_submit.reproduce.figures.sample import sample_of
from tests.scenes import disc, drawn
from tests.stubs import Bright

SHAPE = (48, 64)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two data sets of three frames; of A every frame has silver truth, of B the last one."""
    for name, annotated in (("A", (0, 1, 2)), ("B", (2,))):
        (tmp_path / name / "01").mkdir(parents=True)
        (tmp_path / name / "01_ST" / "SEG").mkdir(parents=True)
        for time in range(3):
            cell = disc(SHAPE, (20, 20 + 5 * time), 8)
            grey = (40 + 150 * cell).astype(np.uint8)
            tifffile.imwrite(tmp_path / name / "01" / f"t{time:03d}.tif", grey)
            if time in annotated:
                mask = tmp_path / name / "01_ST" / "SEG" / f"man_seg{time:03d}.tif"
                write_labels(mask, cell.astype(np.uint16) * 7)
    return tmp_path


def model(folder: Path, method: str, loss: str, dataset: str) -> Path:
    folder.mkdir(parents=True)
    config = {"loss": loss} if loss else {}
    write_card(folder, Card(folder.name, method, config, data={"datasets": [dataset]}))
    return folder


@pytest.fixture
def bright(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model answers with what is bright."""

    def load(folder: Path, device: str) -> tuple[Bright, Card]:
        return Bright(), read_card(folder)

    monkeypatch.setattr(members, "load_checkpoint", load)


def test_the_middle_annotated_frame_is_taken_or_the_one_named(data: Path) -> None:
    assert sample_of(data / "A", truth="ST").name == "01/t001"
    assert sample_of(data / "B", truth="ST").name == "01/t002"
    named = sample_of(data / "A", truth="ST", frame="01/t002")
    assert named.name == "01/t002" and set(np.unique(named.truth)) == {0, 7}
    assert named.pixel is None and named.dataset == "A"


@pytest.mark.parametrize(
    ("dataset", "truth", "frame", "told"),
    [
        ("C", "ST", "", "no such data set folder"),
        ("A", "GT", "", "holds no 01_GT"),
        ("B", "ST", "01/t000", "has no frame with ST mask"),
        ("A", "ST", "first", "such as 01/t042"),
        ("A", "ST", "02/t000", "holds no man_seg000.tif"),
    ],
)
def test_what_is_missing_is_said(
    data: Path, dataset: str, truth: str, frame: str, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        sample_of(data / dataset, truth=truth, frame=frame)


def test_models_come_in_the_order_of_the_paper_and_where_they_belong(tmp_path: Path) -> None:
    losses = ("dice", "shape_aware", "bce", "focal")
    folders = [model(tmp_path / loss, "unet", loss, "A") for loss in losses]
    other = model(tmp_path / "other", "maskrcnn", "bce", "elsewhere")
    known = entrants([*folders, other])
    assert [e.loss for e in known] == ["bce", "bce", "focal", "shape_aware", "dice"]
    assert [e.title for e in known][:2] == ["U-Net\nBCE Loss", "Mask R-CNN\nBCE Loss"]
    assert len(invited(known, "A", ["A", "B"])) == 5
    assert [e.folder for e in invited(known, "B", ["A", "B"])] == [other]


def test_a_cell_that_was_found_has_the_colour_of_the_truth() -> None:
    truth = drawn("1122\n1122\n....\n3333")
    found = drawn("5555\n5555\n.99.\n8888")
    alike = coloured_alike(truth, found)
    assert alike.tolist() == drawn("1111\n1111\n.44.\n3333").tolist()
    assert not coloured_alike(truth, np.zeros_like(truth)).any()


def test_labels_may_be_as_large_as_16_bits_hold() -> None:
    truth, found = np.zeros((2, 4, 9), np.uint16)
    truth[:, :3], found[:, :3], found[:, 5:] = 65535, 1, 2
    alike = coloured_alike(truth, found)
    assert np.unique(alike).tolist() == [0, 65535, 65536]


def test_figures_without_models(data: Path) -> None:
    done = CliRunner().invoke(
        main,
        ["reproduce", "figures", "--dataset", str(data / "A"), "--out", str(data / "f")],
    )
    assert done.exit_code == 0, done.output
    expected = [f"figure{n}.{kind}" for n in (1, 2, 3) for kind in ("pdf", "png")]
    assert sorted(path.name for path in (data / "f").iterdir()) == expected
    for path in (data / "f").glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF")
    with Image.open(data / "f" / "figure2.png") as picture:
        assert picture.width > 1600  # four maps of 2.3 inches at 200 dots


@pytest.mark.usefixtures("bright")
def test_all_six_figures(data: Path) -> None:
    folders = [
        model(data / f"{method}-{loss}-{name}", method, loss, name)
        for name in ("A", "B")
        for method in ("maskrcnn", "unet")
        for loss in ("bce", "shape_aware")
    ]
    arguments = ["reproduce", "figures", "--out", str(data / "f"), "--dpi", "60"]
    arguments += ["--dataset", str(data / "A"), "--dataset", str(data / "B")]
    arguments += [word for folder in folders for word in ("--model", str(folder))]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0 and not done.stderr, done.output
    names = [path.name for path in sorted((data / "f").glob("*.png"))]
    assert names == [f"figure{number}.png" for number in range(1, 7)]
    with (
        Image.open(data / "f" / "figure4.png") as one,
        Image.open(data / "f" / "figure6.png") as two,
    ):
        assert two.height > 1.8 * one.height  # a row for each data set


@pytest.mark.usefixtures("bright")
def test_a_figure_that_cannot_be_made_is_named(data: Path) -> None:
    folder = model(data / "m", "unet", "focal", "A")
    arguments = ["reproduce", "figures", "--dataset", str(data / "A"), "--model", str(folder)]
    done = CliRunner().invoke(main, [*arguments, "--out", str(data / "f"), "--dpi", "60"])
    assert done.exit_code == 0
    assert "figure 4 needs a Mask R-CNN" in done.stderr and "figure 6" not in done.stderr


def test_what_cannot_be_drawn_is_refused(data: Path) -> None:
    base = ["reproduce", "figures", "--dataset", str(data / "A"), "--out", str(data / "f")]
    for words, told in (
        (["--sigma", "0"], "expected more than 0 pixels"),
        (["--alpha", "-1"], "expected 0 or more"),
        (["--dpi", "5"], "expected from 30 to 1200"),
        (["--dataset", str(data / "B"), "--dataset", str(data / "A")], "one or two"),
    ):
        done = CliRunner().invoke(main, base + words)
        assert done.exit_code == 3 and told in done.stderr, done.output
    assert not (data / "f").exists()


def test_no_title_is_clipped() -> None:
    image = np.zeros((*SHAPE, 3), np.uint8)
    rows = [
        [Panel("one\ntwo\nthree", image, "a long name, 01/t000"), Panel("σ", image[..., 0] * 1.0)]
    ]
    figure = draw(rows)
    with rc_context(STYLE):
        figure.canvas.draw()
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert box is not None
        assert box.x0 >= -1 and box.y0 >= -1  # pixels
        assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1


def test_the_scale_of_colours_is_as_high_as_its_maps_and_says_that_it_has_no_unit() -> None:
    ramp = np.linspace(0, 11, 48 * 64).reshape(SHAPE)
    rows = [[Panel("σ", ramp, "A"), Panel("σ", ramp)], [Panel("σ", ramp.T, "B")]]
    figure = draw(rows)
    figure.canvas.draw()
    for last in (figure.axes[1], figure.axes[2]):
        (scale,) = last.child_axes
        assert scale.get_ylabel() == "weight w of a pixel [no unit]"
        high, wanted = (each.get_window_extent().height for each in (scale, last))
        assert high == pytest.approx(wanted, rel=0.01)
