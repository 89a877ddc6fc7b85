"""``ctc-submit check`` against answers of the challenge's own evaluator.

Prints how many cases of a folder it judges as the evaluator does: a case passes for CSB if SEG and
DET gave a value, and for CTB if TRA did. Cases in which the truth or the arguments are at fault,
not the result, are counted apart.
"""

import json
import sys
from pathlib import Path

import click

from ctc_submit.pack.check import check_result

OF_THE_TRUTH = ("gt-", "no-man-track", "two-digits", "wrong-digits")


def judge(case: Path) -> list[str]:
    """Return for which benchmarks the case is judged otherwise than by the evaluator."""
    answers = json.loads((case / "expected.json").read_text("utf-8"))["answers"]
    exits = {answer["tool"]: answer["exit"] for answer in answers}
    result = case / "case" / "01_RES"
    accepted = {
        "CSB": exits["SEGMeasure"] == exits["DETMeasure"] == 0,
        "CTB": exits["TRAMeasure"] == 0,
    }
    return [
        benchmark
        for benchmark, passes in accepted.items()
        if passes == bool(check_result(result, benchmark=benchmark).faults)
    ]


@click.command()
@click.argument("cases", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(cases: Path) -> None:
    """Judge the cases in the folder CASES."""
    folders = sorted(path for path in cases.iterdir() if (path / "expected.json").is_file())
    if not folders:
        raise SystemExit(f"{cases}: holds no case; expected folders with an expected.json")
    judged = [path for path in folders if not path.name.startswith(OF_THE_TRUTH)]
    wrong = {path.name: found for path in judged if (found := judge(path))}
    for name, found in wrong.items():
        print(f"{name}: otherwise for {', '.join(found)}")
    print(f"{len(judged) - len(wrong)} of {len(judged)} cases judged as the evaluator does")
    print(f"{len(folders) - len(judged)} cases in which the result is not at fault")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
