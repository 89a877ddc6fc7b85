from pathlib import Path
from typing import Any

from ctc_submit.checkpoint import Card
from ctc_submit.data.sequence import Sequence
from ctc_submit.train.held_out import learned_frames, origin_of
from ctc_submit.train.split import Example
from ctc_submit.train.tune_tracks import strange_to

FRAMES = [
    Example(f"{dataset}/{number}/t{time:03d}", Path(), Path())
    for dataset in ("Zellen", "Hefe")
    for number in ("01", "02")
    for time in range(2)
]


def model(name: str = "model", /, **data: Any) -> Card:
    return Card(name, "unet", {}, data=data)


def learned(card: Card) -> list[str]:
    return [example.name for example in learned_frames(card, FRAMES)]


def test_frames_that_a_card_names_are_those_learned() -> None:
    card = model(datasets=["Zellen"], split="split.json", learned=["Zellen/02/t001"])
    assert learned(card) == ["Zellen/02/t001"]


def test_without_names_it_is_all_of_the_data_sets_but_those_held_out() -> None:
    card = model(datasets=["Zellen"], sequences=["01"], held_out=["Zellen/01/t000"])
    assert learned(card) == ["Zellen/01/t001"]
    assert learned(model(datasets=["Zellen"], split="split.json")) == []


def test_what_a_start_learned_from_is_learned_too() -> None:
    first = model("first", datasets=["Hefe"], learned=["Hefe/01/t000"])
    second = model("second", datasets=["Zellen"], learned=["Zellen/01/t000"])
    second.data.update(origin_of(first))
    third: dict[str, Any] = dict(origin_of(second))
    assert third["started_from"] == ["first", "second"]
    assert third["learned_before"] == ["Hefe/01/t000", "Zellen/01/t000"]
    others: list[dict[str, Any]] = [{"learned": []}, {"split": "split.json"}, {"datasets": ["X"]}]
    for other in others:
        assert learned(model(**other, **third)) == ["Zellen/01/t000", "Hefe/01/t000"]
    held_out = model(datasets=["Hefe"], held_out=["Hefe/01/t000"], **third)
    assert "Hefe/01/t000" in learned(held_out)


def test_a_sequence_that_a_start_learned_from_is_not_strange(tmp_path: Path) -> None:
    for number in ("01", "02"):
        (tmp_path / "Hefe" / number).mkdir(parents=True)
    card = model(datasets=["Zellen"], learned_before=["Hefe/02/t000"])
    strange = [strange_to(card, Sequence.at(tmp_path / "Hefe" / n)) for n in ("01", "02")]
    assert strange == [True, False]


def test_sequences_of_which_no_frame_was_learned_are_strange(tmp_path: Path) -> None:
    """A split file chose the frames, so the card's list of sequences is of all there were."""
    data: dict[str, Any] = {"datasets": ["Hefe"], "sequences": "all", "split": "across.json"}
    for named, strange in (({}, [False, False]), ({"learned": ["Hefe/02/t000"]}, [True, False])):
        card = model(**data, **named)
        here = [Sequence.at(tmp_path / "Hefe" / number) for number in ("01", "02")]
        assert [strange_to(card, sequence) for sequence in here] == strange
