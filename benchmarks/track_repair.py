"""What --repair brings on a segmentation of your own: SEG, DET and TRA, without and with it.

    ctc-submit run data/DIC-C2DH-HeLa/02 masks --model MODEL --no-track --border 0
    python benchmarks/track_repair.py data/DIC-C2DH-HeLa/02 masks

MODEL has not seen the sequence. Each repair is also tried alone. SEG is against silver truth where
the sequence has it, DET and TRA are against gold truth.
"""

import argparse
import tempfile
from pathlib import Path

from ctc_submit.data.sequence import Sequence
from ctc_submit.score.judge import score
from ctc_submit.track.settings import TrackConfig
from ctc_submit.track.tracker import track_result

WAYS = {
    "none": TrackConfig(),
    "all": TrackConfig(repair=True),
    "split": TrackConfig(repair=True, longest_break=0, drop_flickers=False),
    "join": TrackConfig(repair=True, longest_merge=0, drop_flickers=False),
    "drop": TrackConfig(repair=True, longest_merge=0, longest_break=0),
}


def main() -> None:
    """Print a line for each repair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sequence", type=Path, help="folder of the frames, its truth beside it")
    parser.add_argument("masks", type=Path, help="label maps of all frames, not tracked")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()
    sequence = Sequence.at(options.sequence)
    for way in options.ways:
        with tempfile.TemporaryDirectory() as made:
            result = Path(made) / "result"
            settings = WAYS[way]
            done = track_result(options.masks, settings, output=result, sequence=sequence)
            gold = score(sequence, result=result, workers=1).scores
            kind = "ST" if sequence.silver.is_dir() else "GT"
            seg = score(sequence, truth=kind, result=result, workers=1).scores["SEG"]
        values = {"SEG": seg, "DET": gold["DET"], "TRA": gold["TRA"], "LNK": gold["LNK"]}
        said = " ".join(f"{n} {'–' if v is None else f'{v:.4f}'}" for n, v in values.items())
        print(f"{way}: {said}, {done.mended} masks at fault", flush=True)


if __name__ == "__main__":
    main()
