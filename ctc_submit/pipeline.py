"""The inference road on one screen: sequence → frames → instances → label maps → result folder."""

import hashlib
import json
import platform
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ctc_submit import __version__
from ctc_submit.checkpoint import CARD, config_from
from ctc_submit.data.datasets import border_of
from ctc_submit.data.folders import demand_writable
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import whole_file, write_labels
from ctc_submit.data.one_writer import one_writer
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.unfinished import keep_whole_masks
from ctc_submit.data.whole_folder import recover, replace_masks
from ctc_submit.ensemble.members import Member, find_cells, load_members
from ctc_submit.ensemble.settings import EnsembleConfig
from ctc_submit.errors import CtcError, DataError
from ctc_submit.segment import strip
from ctc_submit.track.settings import TrackConfig
from ctc_submit.track.tracker import Tracked, track_result

AHEAD = 3
"""Frames read before, and masks left to write behind, the one in the network."""

JOURNAL = "run.json"
"""The settings of a run that goes on, beside its masks; `Run.record` once they are complete."""


@dataclass(frozen=True)
class RunConfig:
    """How a sequence is run."""

    border: int | None = field(
        default=None,
        metadata={"help": "Strip without cells; default: the data set's own.", "unit": "px"},
    )
    track: bool = field(default=True, metadata={"help": "Link cells and write res_track.txt."})
    repair: bool = field(default=False, metadata={"help": "Mend masks by those before and after."})
    resume: bool = field(default=False, metadata={"help": "Go on with an interrupted run."})
    ensemble: EnsembleConfig = field(default_factory=EnsembleConfig)


@dataclass(frozen=True)
class FrameReport:
    """What came of one frame.

    Attributes:
        time: Its index.
        frames: How many frames the sequence has.
        cells: Cells in its mask.
    """

    time: int
    frames: int
    cells: int


@dataclass
class Clock:
    """Seconds spent in each phase; reading and writing overlap with the network."""

    phases: dict[str, float] = field(default_factory=dict)

    def timed(self, phase: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function and add the time it took to a phase."""
        start = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            spent = time.perf_counter() - start
            self.phases[phase] = self.phases.get(phase, 0.0) + spent


class Run:
    """One sequence, one model or several, one result folder.

    The masks are written beside the result folder and take its place when all are there: until
    then an earlier result stays as it was, and an interrupted run can be resumed.
    """

    def __init__(
        self, sequence: Sequence, model: Path | tuple[Path, ...], result: Path, config: RunConfig
    ) -> None:
        """Name what is to be run; nothing is read yet.

        Raises:
            DataError: If the result cannot be a folder of its own.
        """
        self.sequence, self.config, self.ensemble = sequence, config, config.ensemble
        self.models = (model,) if isinstance(model, Path) else model
        self.result = result if result.name not in {"", ".."} else result.resolve()
        self.target = result.resolve()
        sequence.demand_apart(result)
        self.partial = self.target.with_name(f".{self.target.name}.partial")
        self.record = self.result.with_name(f"{self.result.name}.run.json")
        self.clock = Clock()
        self.seconds = 0.0
        self.tracked: Tracked | None = None
        self.linked = config.track or config.repair
        self.linking = TrackConfig()

    def __call__(self, device: str) -> Iterator[FrameReport]:
        """Run it, yielding a report a frame.

        Args:
            device: ``cpu`` or ``cuda``.

        Raises:
            DataError: If a frame is not as it should be, the result cannot be written, or another
                run is writing it.
            CheckpointError: If the model is none.
            CtcError: If the run to resume had other settings.
        """
        start = time.perf_counter()
        members = self.clock.timed("load", load_members, self.models, device, self.ensemble)
        tuned = config_from(TrackConfig, members[0].card.track, self.models[0] / CARD)
        self.linking = replace(tuned, repair=tuned.repair or self.config.repair)
        settings = self._settings(members, device)
        if self.result.exists() and not self.result.is_dir():
            raise DataError(f"{self.result}: is a file; name a folder for the result")
        with one_writer(self.result, "run"):
            size = self._open(settings)
            yield from self._segment(lambda f: find_cells(f, members, self.ensemble), size)
            self.clock.timed("track" if self.linked else "publish", self._publish)
            self._close(settings, time.perf_counter() - start)

    def _close(self, settings: dict[str, Any], seconds: float) -> None:
        """Write the record, and clear what a run to resume would have needed."""
        self.seconds = seconds
        timing = {name: round(value, 3) for name, value in self.clock.phases.items()}
        settings |= {"state": "complete", "seconds": round(seconds, 3), "phases": timing}
        settings |= {"frames_per_second": round(len(self.sequence.frames) / seconds, 3)}
        _write_record(self.record, settings)
        shutil.rmtree(self.partial)

    @property
    def border(self) -> int:
        """Width of the strip outside the field of interest, in pixels."""
        if self.config.border is not None:
            return self.config.border
        return border_of(self.sequence.dataset)

    def _settings(self, members: list[Member], device: str) -> dict[str, Any]:
        """Return all that is needed to repeat the run."""
        known = [member.facts() for member in members]
        if len(known) == 1:
            model = {name: known[0].pop(name) for name in ("name", "folder", "sha256")}
            models: dict[str, Any] = {"model": model} | known[0]
        else:
            models = {"models": known, "ensemble": {"agree": self.ensemble.agree}}
        return {
            "ctc_submit": __version__,
            "sequence": str(self.sequence.folder.resolve()),
            "dataset": self.sequence.dataset,
            "frames": len(self.sequence.frames),
            **models,
            "border": self.border,
            "track": self.config.track,
            "repair": self.linked and self.linking.repair,
            "linking": asdict(self.linking) if self.linked else {},
            "device": device,
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "machine": platform.machine(),
        }

    def _open(self, settings: dict[str, Any]) -> tuple[int, ...] | None:
        """Make the folder to write to, empty unless a run is resumed: then say its masks' size."""
        recover(self.target)
        if self.result.exists():
            demand_writable(self.result)
        journal, size = self.partial / JOURNAL, None
        if goes_on := self.config.resume and journal.exists():
            try:
                earlier = json.loads(journal.read_text("utf-8"))
            except (OSError, ValueError):
                earlier = {}
            if fingerprint(earlier) != fingerprint(settings):
                raise CtcError(
                    f"{self.result}: the interrupted run had other frames, another model or other "
                    "settings; run without --resume"
                )
        try:
            if goes_on:
                size = keep_whole_masks(self.partial)
            elif self.partial.exists():
                shutil.rmtree(self.partial)
            self.partial.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{self.result}: cannot be written ({error.strerror})") from error
        _write_record(journal, settings | {"state": "running"})
        return size

    def _segment(
        self, cells: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...] | None
    ) -> Iterator[FrameReport]:
        named = ((n, path, self._mask(path)) for n, path in self.sequence.frames.items())
        todo = [one for one in named if not one[2].exists()]
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(2) as writer:
            reading: deque[Future[np.ndarray]] = deque()
            writing: deque[Future[None]] = deque()
            ahead = iter(todo)
            try:
                for index, path, mask in todo:
                    while len(reading) < AHEAD and (nxt := next(ahead, None)):
                        reading.append(reader.submit(self.clock.timed, "read", read_frame, nxt[1]))
                    frame = self.clock.timed("wait for frames", reading.popleft().result)
                    shape = self._usable(path, frame, shape)
                    labels = self.clock.timed("network", _located, path, cells, frame)
                    if not self.linked:  # tracking strips after linking
                        labels = strip(labels, self.border)
                    writing.append(
                        writer.submit(self.clock.timed, "write", write_labels, mask, labels)
                    )
                    if len(writing) > AHEAD:
                        writing.popleft().result()
                    yield FrameReport(index, len(self.sequence.frames), int(labels.max(initial=0)))
                for future in writing:
                    future.result()
            finally:
                reader.shutdown(cancel_futures=True)

    def _usable(
        self, path: Path, frame: np.ndarray, shape: tuple[int, ...] | None
    ) -> tuple[int, ...]:
        """Return the shape of a frame, which is that of the frames before."""
        if shape is not None and frame.shape != shape:
            raise DataError(
                f"{path}: is {_by(frame.shape)} pixels, the frames before are {_by(shape)}; "
                "a sequence has one size"
            )
        if self.border and 2 * self.border >= min(frame.shape[-2:]):
            raise DataError(
                f"{path}: a border of {self.border} pixels leaves nothing of a frame of "
                f"{_by(frame.shape)} pixels; choose a smaller --border"
            )
        return frame.shape

    def _mask(self, frame: Path) -> Path:
        return self.partial / f"mask{frame.stem[1:]}.tif"

    def _publish(self) -> None:
        """Let the new masks take the place of an earlier result, at once; foreign files stay."""
        if self.linked:
            self.tracked = track_result(
                self.partial,
                self.linking,
                output=self.result,
                sequence=self.sequence,
                border=self.border,
                track_file=self.config.track,
            )
        else:
            replace_masks(self.partial, self.result)


def fingerprint(record: dict[str, Any]) -> str:
    """Return a checksum of the settings that decide what the masks look like."""
    deciding = "sequence frames model method_config segment border track repair device"
    known = {name: record.get(name) for name in deciding.split()}
    known["model"] = (known["model"] or {}).get("sha256")
    if models := record.get("models"):
        where = {"name", "folder"}
        known["models"] = [{k: v for k, v in one.items() if k not in where} for one in models]
        known["ensemble"] = record.get("ensemble")
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _write_record(path: Path, known: dict[str, Any]) -> None:
    with whole_file(path) as partial:
        text = json.dumps(known, indent=2, ensure_ascii=False) + "\n"  # names need not be text
        partial.write_bytes(text.encode("utf-8", "backslashreplace"))


def _located(
    path: Path, cells: Callable[[np.ndarray], np.ndarray], frame: np.ndarray
) -> np.ndarray:
    """Segment a frame; a complaint names its file."""
    try:
        return cells(frame)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
