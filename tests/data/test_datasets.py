import pytest

from ctc_submit.data.datasets import DATASETS, border_of, dataset_named
from ctc_submit.errors import DataError

WIDE = {
    *("DIC-C2DH-HeLa", "Fluo-C2DL-Huh7", "Fluo-C2DL-MSC", "Fluo-C3DH-H157", "Fluo-N2DH-GOWT1"),
    *("Fluo-N3DH-CE", "Fluo-N3DH-CHO", "PhC-C2DH-U373"),
}
NARROW = {"BF-C2DL-HSC", "BF-C2DL-MuSC", "Fluo-C3DL-MDA231", "Fluo-N2DL-HeLa", "PhC-C2DL-PSC"}


def test_there_are_twenty() -> None:
    assert len(DATASETS) == 20
    assert all(name == dataset.name for name, dataset in DATASETS.items())


def test_the_border_is_the_one_of_the_rule() -> None:
    assert {name for name, dataset in DATASETS.items() if dataset.border == 50} == WIDE
    assert {name for name, dataset in DATASETS.items() if dataset.border == 25} == NARROW
    assert {dataset.border for dataset in DATASETS.values()} == {0, 25, 50}


def test_only_the_long_ones_have_four_digits() -> None:
    long = {name for name, dataset in DATASETS.items() if dataset.digits != 3}
    assert long == {"BF-C2DL-HSC", "BF-C2DL-MuSC"}
    assert all(DATASETS[name].digits == 4 for name in long)


def test_silver_truth_is_there_for_thirteen() -> None:
    without = {name for name, dataset in DATASETS.items() if not dataset.silver}
    assert len(DATASETS) - len(without) == 13
    assert without == {
        *("Fluo-C2DL-Huh7", "Fluo-N2DH-SIM+", "Fluo-N3DL-DRO", "Fluo-N3DL-TRIC"),
        *("Fluo-N3DL-TRIF", "Fluo-C3DH-A549-SIM", "Fluo-N3DH-SIM+"),
    }


def test_the_name_says_the_dimensions() -> None:
    for name, dataset in DATASETS.items():
        assert dataset.dimensions == int(name.split("-")[1][1]), name
        assert len(dataset.pixel_size) in {0, dataset.dimensions}
        assert dataset.time_step > 0


def test_names_in_any_case() -> None:
    assert dataset_named("dic-c2dh-HELA").name == "DIC-C2DH-HeLa"
    with pytest.raises(DataError, match="HeLa: not a data set of the challenge; known are BF-"):
        dataset_named("HeLa")


def test_urls() -> None:
    hela = dataset_named("DIC-C2DH-HeLa")
    base = "https://data.celltrackingchallenge.net"
    assert hela.url() == f"{base}/training-datasets/DIC-C2DH-HeLa.zip"
    assert hela.url("test") == f"{base}/test-datasets/DIC-C2DH-HeLa.zip"
    with pytest.raises(ValueError, match="'training' or 'test'"):
        hela.url("challenge")


def test_the_border_of_an_unknown_data_set_is_none() -> None:
    assert (border_of("DIC-C2DH-HeLa"), border_of("My-Cells")) == (50, 0)
