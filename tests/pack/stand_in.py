"""A stand-in for the package and its models: a program that unpacks the masks that it is to write.

It needs no package but Python, so a pre-flight with it takes a moment. Its model's "weights" are a
ZIP of the masks of each sequence.
"""

import hashlib
import json
import zipfile
from pathlib import Path

PROGRAM = '''"""Stand-in."""
import sys
import zipfile
from pathlib import Path
{imports}

def main(prog_name):
    command, sequence, result, flag, model, *more = sys.argv[1:]
    assert (command, flag) == ("run", "--model"), sys.argv
    frames = sorted(Path(sequence).glob("t*.tif"))
    assert frames, sequence
    out = Path(result)
    out.mkdir(parents=True)
    with zipfile.ZipFile(Path(model) / "weights.safetensors") as masks:
        for name in masks.namelist():
            if name.endswith(".txt") and "--no-track" in more:
                continue
            (out / name).write_bytes(masks.read(name))
    {ending}
'''


def package(folder: Path, *, imports: str = "", ending: str = "pass") -> Path:
    """Write the stand-in's source; returns its package folder."""
    source = folder / "ctc_submit"
    (source / "cli").mkdir(parents=True)
    (source / "__init__.py").write_text('__version__ = "0"\n')
    (source / "cli" / "__init__.py").write_text("")
    (source / "cli" / "main.py").write_text(PROGRAM.format(imports=imports, ending=ending))
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "main.pyc").write_bytes(b"not to be packed")
    return source


def model(folder: Path, result: Path) -> Path:
    """Write a model folder that "finds" the cells of a result."""
    folder.mkdir(parents=True)
    weights = folder / "weights.safetensors"
    with zipfile.ZipFile(weights, "w") as masks:
        for path in sorted(result.iterdir()):
            masks.writestr(path.name, path.read_bytes())
    card = {
        "name": folder.name,
        "method": "maskrcnn",
        "config": {"backbone": "light", "anchors": [[16.0], [32.5]]},
        "segment": {"score": 0.5},
        "data": {"datasets": ["Fluo-N2DL-HeLa"], "truth": "ST"},
        "training": {"epochs": 3},
        "scores": [{"protocol": "random split", "measure": "SEG", "value": 0.9}],
        "notes": ["For the challenge only."],
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def wheel(folder: Path, name: str = "standinneed", content: bytes = b"") -> Path:
    """Write a wheel of a package with a file of this content, as pip installs it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files: dict[str, str | bytes] = {
        f"{name}.py": content,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in files) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(file, text)
    return path
