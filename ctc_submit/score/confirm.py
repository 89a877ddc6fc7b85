"""Hold a record against the organisers' executables."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ctc_submit.score.official import LONGEST_RUN, TOLERANCE, TOOLS, Tool, official_scores
from ctc_submit.score.record import Record


def confirm(record: Record, tools: Mapping[str, Tool], *, timeout: float = LONGEST_RUN) -> Record:
    """Return the record with the values that the executables print.

    Those of measures that could not be taken are not run.

    Args:
        record: A judgement of ``GT`` or ``ST``.
        tools: Measure to executable.
        timeout: Seconds that each may take.

    Raises:
        ToolError: If an executable fails, takes too long, or prints no value.
    """
    scored = tuple(name for name in TOOLS if record.scores[name] is not None and name in tools)
    official = official_scores(
        tools,
        scored,
        truth=Path(record.provenance["truth"]),
        result=Path(record.provenance["result"]),
        number=record.sequence,
        digits=record.provenance["digits"],
        timeout=timeout,
    )
    named = {
        name: {"path": str(tools[name].path), "sha256": tools[name].digest()} for name in scored
    }
    by = f"{record.provenance['scored_by']} and {', '.join(TOOLS[name] for name in scored)}"
    told = dict(record.provenance) | {"official_tools": named}
    return replace(
        record, official=official, provenance=told | {"scored_by": by} if scored else told
    )


def disagreements(record: Record) -> list[str]:
    """Return one line for each measure on which we and the executables differ."""
    lines = []
    for name, theirs in record.official.items():
        ours = record.scores[name]
        if ours is None or abs(ours - theirs) > TOLERANCE:
            lines.append(f"{name}: {TOOLS[name]} says {theirs:.6f}, ctc-submit {ours:.9f}")
    return lines
