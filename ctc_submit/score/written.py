"""Records on disk: JSON and CSV."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ctc_submit.data.labels import whole_file
from ctc_submit.score.record import Record, mean_scores


def write_json(path: Path, records: Sequence[Record]) -> None:
    """Write records, their means and what they are about, whole or not at all.

    Raises:
        DataError: If the file cannot be written.
    """
    told = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "sequences": [
            record.as_json() | {"result_sha256": digest(Path(record.provenance["result"]))}
            for record in records
        ],
        "mean": mean_scores(records),
    }
    with whole_file(path) as partial:
        _write(partial, json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def write_csv(path: Path, records: Sequence[Record]) -> None:
    """Write one row a record, whole or not at all; what was not scored stays empty.

    Raises:
        DataError: If the file cannot be written.
    """
    rows = [record.as_row() for record in records]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with whole_file(path) as partial:
        _write(partial, text.getvalue())


def _write(path: Path, text: str) -> None:
    """Write text as UTF-8; bytes of a file name that are no UTF-8 are written as escapes."""
    path.write_text(text, "utf-8", errors="backslashreplace")


def digest(result: Path) -> str:
    """Return the SHA-256 over names and contents of a result's masks and track file."""
    found = hashlib.sha256()
    for path in sorted(result.iterdir()):
        if path.is_file() and (path.suffix.lower() == ".tif" or path.name == "res_track.txt"):
            found.update(os.fsencode(path.name) + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
