"""What the software archive holds, and the page that describes the method."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from ctc_submit.errors import CheckpointError, DataError
from ctc_submit.pack.entry import Entry, Rendering
from ctc_submit.pack.method_page import About, read_cards, render_markdown
from ctc_submit.pack.requirements import pinned_requirements
from ctc_submit.pack.software import package_files, software_files, started, wheel_files
from ctc_submit.pack.typeset import lines_of, render_pdf
from tests.pack import stand_in
from tests.pack.result_scenes import faultless

HELA = "Fluo-N2DL-HeLa"


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    return {HELA: stand_in.model(tmp_path / "models" / HELA, faultless(tmp_path / "data"))}


def test_the_archive_holds_all_that_a_rerun_needs(tmp_path: Path, models: dict[str, Path]) -> None:
    files = software_files(
        [Entry(HELA, "01"), Entry(HELA, "02")],
        models,
        about=About("TEAM"),
        requirements="standinneed==1.0\n",
        how=Rendering(batch=True, cluster=True),
        package=stand_in.package(tmp_path),
        wheels=stand_in.wheel(tmp_path / "wheels").parent,
    )
    assert sorted(name.removeprefix("SW/") for name in files if "LICENSE" not in name) == [
        "Dockerfile",
        f"{HELA}-01.bat",
        f"{HELA}-01.sh",
        f"{HELA}-02.bat",
        f"{HELA}-02.sh",
        "MANIFEST.sha256",
        "METHOD.md",
        "METHOD.pdf",
        "README.md",
        "ctc-submit",
        "ctc-submit.bat",
        "ctc-submit.def",
        "ctc_submit/__init__.py",
        "ctc_submit/cli/__init__.py",
        "ctc_submit/cli/main.py",
        f"models/{HELA}/card.json",
        f"models/{HELA}/weights.safetensors",
        "requirements.txt",
        "slurm.sbatch",
        "start.py",
        "wheels/standinneed-1.0-py3-none-any.whl",
    ]
    assert started(files) == {f"SW/{HELA}-01.sh", f"SW/{HELA}-02.sh", "SW/ctc-submit"}
    script = files[f"SW/{HELA}-01.sh"]
    assert isinstance(script, bytes)
    assert f"--model models/{HELA}\n".encode() in script
    readme = files["SW/README.md"]
    assert isinstance(readme, bytes)
    assert b", which the packages in `wheels/` are for\n" in readme
    assert b"pip install --no-index --find-links wheels -r requirements.txt" in readme
    assert b"## Prerequisites" in readme
    assert b"@{" not in readme
    assert readme.count(b"\n- `") == 4
    assert b"- `Dockerfile`" not in readme
    assert b"| `Dockerfile`, `ctc-submit.def`, `slurm.sbatch` | to run it in" in readme


def test_the_package_is_packed_with_its_templates(models: dict[str, Path]) -> None:
    files = software_files([Entry(HELA, "01")], models, about=About("T"), requirements="")
    readme = files["SW/README.md"]
    assert isinstance(readme, bytes)
    assert b"- Python 3.11 or newer; the versions" in readme
    assert b"wheels" not in readme
    assert {"SW/ctc_submit/pipeline.py", "SW/ctc_submit/pack/templates/run.sh"} <= set(files)
    assert not any("__pycache__" in name for name in files)


def test_a_missing_model_is_named(models: dict[str, Path]) -> None:
    with pytest.raises(CheckpointError, match="no model for DIC-C2DH-HeLa-01; name one with"):
        software_files([Entry("DIC-C2DH-HeLa", "01")], models, about=About("T"), requirements="")
    (models[HELA] / "weights.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"weights.safetensors: missing"):
        software_files([Entry(HELA, "01")], models, about=About("T"), requirements="")


def with_partner(folder: Path, name: str = "second") -> Path:
    """Give a model a partner, which answers with the same masks."""
    partner = folder / "partners" / name
    partner.mkdir(parents=True)
    for file in ("card.json", "weights.safetensors"):
        (partner / file).write_bytes((folder / file).read_bytes())
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"partners": [name]}))
    card |= {"method": "mulux", "config": {"encoder": "light"}}
    (partner / "card.json").write_text(json.dumps(card))
    return partner


def test_partners_are_packed_and_described(models: dict[str, Path]) -> None:
    partner = with_partner(models[HELA])
    files = software_files([Entry(HELA, "01")], models, about=About("T"), requirements="")
    inside = f"SW/models/{HELA}/partners/second"
    assert files[f"{inside}/weights.safetensors"] == partner / "weights.safetensors"
    assert files[f"{inside}/card.json"] == partner / "card.json"
    assert inside.removeprefix("SW/") in bytes(files["SW/MANIFEST.sha256"]).decode()
    page = bytes(files["SW/METHOD.md"]).decode()
    assert "A model and its partners see every frame each" in page
    assert "a watershed from the markers" in page.replace("\n", " ")
    assert f"- **{HELA}/partners/second** (mulux)" in page
    assert "encoder light" in page


@pytest.mark.parametrize("file", ["weights.safetensors", "card.json"])
def test_a_partner_that_is_away_is_named(models: dict[str, Path], file: str) -> None:
    (with_partner(models[HELA]) / file).unlink()
    with pytest.raises(CheckpointError, match=f"partners/second/{file}: missing"):
        software_files([Entry(HELA, "01")], models, about=About("T"), requirements="")


@pytest.mark.parametrize("names", ["second", ["../x"], [""], [".."], [7], {"a": 1}])
def test_partners_that_are_no_names_are_refused(models: dict[str, Path], names: object) -> None:
    card = json.loads((models[HELA] / "card.json").read_text())
    (models[HELA] / "card.json").write_text(json.dumps(card | {"partners": names}))
    with pytest.raises(CheckpointError, match=r"card\.json: partners: .* no list of names"):
        software_files([Entry(HELA, "01")], models, about=About("T"), requirements="")


def test_a_folder_without_wheels_is_refused(tmp_path: Path, models: dict[str, Path]) -> None:
    with pytest.raises(DataError, match="no such folder; expected one with wheels"):
        software_files(
            [Entry(HELA, "01")], models, about=About("T"), requirements="", wheels=tmp_path / "none"
        )


def test_requirements_are_pinned_and_whole() -> None:
    lines = pinned_requirements().splitlines()
    assert all(re.fullmatch(r"[a-z0-9-]+==[^=+]+", line) for line in lines)
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(names)
    assert {"numpy", "torch", "click", "tifffile", "typing-extensions"} <= set(names)
    assert not {"ctc-submit", "pytest", "mypy"} & set(names)


def test_the_method_page_tells_what_the_cards_tell(models: dict[str, Path]) -> None:
    text = render_markdown(read_cards(models | {"twin": models[HELA]}), About("TEAM"))
    assert text.startswith("# TEAM: method description\n")
    assert f"- **{HELA}** (maskrcnn). Trained on datasets Fluo-N2DL-HeLa, truth ST." in text
    assert "SEG 0.9000 (random split)" in text
    assert "Tracking" not in text
    assert f"**{HELA}, twin**: config: backbone light, anchors 16 32.5. segment: score 0.5" in text
    assert text.count("backbone light") == 1
    assert "For the challenge only." in text


def test_the_method_page_names_what_it_tells(models: dict[str, Path]) -> None:
    [card] = read_cards(models).values()
    card["config"] = {"loss": "shape_aware_paper"}
    score = {"protocol": "across videos", "measure": "SEG", "value": 0.7701, "missed": 0.04}
    card["scores"] = [score | {"frames": 64, "data": {"sequences": ["02"]}}]
    card["data"] = {"held_out": ["t1", "t2", "t3", "t4"]}
    card["track"] = {"gate": 2.5}
    text = render_markdown({"m": card}, About("T", {"gate": 3.0, "divisions": True}))
    assert "Scores: SEG 0.7701 (across videos; missed 0.04, frames 64)." in text
    assert "held_out t1; t2; t3 … (4)" in text
    assert "Shape-Aware Loss of Lin and Norouzi" in text
    assert "**Tracking**: gate 2.5, divisions True\n" in text
    assert "**m**: config: loss shape_aware_paper. segment: score 0.5." in text
    assert "Options of the scripts" not in text


def test_the_method_page_tells_how_the_scripts_link(models: dict[str, Path]) -> None:
    [card] = read_cards(models).values()
    cards = {
        "a": card | {"track": {}},
        "b": card | {"track": {"gate": 2.5}},
        "b/partners/c": card | {"track": {"gate": 9.0}},
    }
    text = render_markdown(cards, About("T", {"gate": 3.0, "repair": False}))
    assert "**Tracking, a**: gate 3, repair False\n" in text
    assert "**Tracking, b**: gate 2.5, repair False\n" in text
    assert "gate 9" not in text
    options = ("--repair", "--border", "10")
    text = render_markdown({"a": card}, About("T", {"gate": 3.0, "repair": False}, options))
    assert "**Options of the scripts**, which count more than these: --repair --border 10\n" in text
    assert "**Tracking**: gate 3, repair True\n" in text


@pytest.mark.parametrize("scale", [1.0, 0.6])
def test_no_line_of_type_is_wider_than_the_page(models: dict[str, Path], scale: float) -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    text = render_markdown(read_cards(models), About("TEAM")) + "- " + "WWW @ DIC-C2DH " * 40
    lines = lines_of(text, scale)
    ends = []
    for line in lines:
        left, words, bold = line.runs[-1]
        font = FontProperties(size=line.size, weight="bold" if bold else "normal")
        ends.append(left + text_to_path.get_text_width_height_descent(words, font, False)[0] / 72)
    assert 6.5 < max(ends) <= 8.27 - 2 * 0.75 + 0.02
    assert all(after.down >= line.bottom - 1e-9 for line, after in pairwise(lines))


def test_a_word_wider_than_the_page_is_cut(models: dict[str, Path]) -> None:
    path = "/scratch/a/path/without/a/blank" * 12
    text = render_markdown(read_cards(models), About("TEAM", options=("--weights", path)))
    set_ = [line.runs[0][1] for line in lines_of(text) if "scratch" in line.runs[0][1]]
    assert "".join(set_).partition("/scratch")[2].startswith(path.removeprefix("/scratch")[:300])
    assert max(map(len, set_)) < 130


def test_bold_words_are_set_bold() -> None:
    [line] = lines_of("so **two words**: plain")
    assert [(text, bold) for _, text, bold in line.runs] == [
        ("so", False),
        ("two words:", True),
        ("plain", False),
    ]
    first, *_, last = lines_of("- " + "word " * 60)
    assert first.runs[0][0] == 0
    assert last.runs[0][0] == pytest.approx(0.12)


def test_the_method_page_fits_one_page_and_is_reproducible(models: dict[str, Path]) -> None:
    cards = read_cards(models)
    one = render_pdf(render_markdown(cards, About("costs $5 or $6")))
    assert one == render_pdf(render_markdown(cards, About("costs $5 or $6")))
    assert one.startswith(b"%PDF-")
    assert one.count(b"/Type /Page ") == 1
    assert b"CreationDate" not in one
    twelve = {f"{n}": dict(cards[HELA], config={"width": n}) for n in range(12)}
    assert render_pdf(render_markdown(twelve, About("T"))).count(b"/Type /Page ") == 1
    many = {f"{n}": dict(cards[HELA], config={"width": n}) for n in range(90)}
    assert render_pdf(render_markdown(many, About("T"))).count(b"/Type /Page ") > 1


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"name": "x"})])
def test_a_card_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"card\.json"):
        read_cards({"m": tmp_path})


@pytest.mark.parametrize(
    "odd",
    [
        {"config": "x"},
        {"training": 5},
        {"data": ["a"]},
        {"scores": {"SEG": 0.9}},
        {"scores": [0.9]},
        {"notes": "For all."},
    ],
    ids=str,
)
def test_a_card_that_tells_other_things_is_refused(
    models: dict[str, Path], odd: dict[str, object]
) -> None:
    card = models[HELA] / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | odd))
    [(name, value)] = odd.items()
    with pytest.raises(CheckpointError, match=f"card.json: {name}: expected .*, found ") as refused:
        read_cards(models)
    assert str(refused.value).endswith(repr(value))
    card.write_text(json.dumps({"method": "unet", "config": None, "scores": [], "notes": None}))
    assert render_markdown(read_cards(models), About("T"))


def test_what_tools_leave_in_the_package_is_not_packed(tmp_path: Path) -> None:
    package = stand_in.package(tmp_path / ".hidden" / "__pycache__")
    before = set(package_files(package))
    assert before == {f"ctc_submit/{n}" for n in ("__init__.py", "cli/__init__.py", "cli/main.py")}
    for name in (".mypy_cache/3.11/x.json", ".ipynb_checkpoints/a.py", "cli/main.py~", ".x.swp"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    assert set(package_files(package)) == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.txt", b"", "holds no wheels; fill it"),
        ("odd.whl", b"", "is no whole wheel"),
        ("other-1.0-py3-none-any.whl", b"cut off", "is no whole wheel"),
        ("other-1.0-py3-none-any.whl", b"PK\5\6" + bytes(18), "is no wheel"),
    ],
)
def test_wheels_that_are_none_are_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        wheel_files(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        wheel_files(tmp_path / "absent")


def test_a_pin_is_met_by_a_wheel_with_a_local_label(tmp_path: Path) -> None:
    path = stand_in.wheel(tmp_path)
    path.rename(path.with_name("standinneed-1.0+cpu-py3-none-any.whl"))
    assert len(wheel_files(tmp_path, "standinneed==1.0\n")) == 1
    with pytest.raises(DataError, match=r"holds no wheel of standinneed==1\.1"):
        wheel_files(tmp_path, "standinneed==1.1\n")
