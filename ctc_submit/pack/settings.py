"""Settings of packing, apart from what packs, so that the command line can read them quickly."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ctc_submit.errors import DataError


@dataclass(frozen=True)
class PackConfig:
    """How a submission is packed.

    Raises:
        DataError: If it is for the Cell Linking Benchmark, which no script of a pack could run.
    """

    name: str = field(
        default="ctc-submit", metadata={"help": "Name of the submission and of its archives."}
    )
    results: Literal["tree", "zip"] = field(
        default="tree",
        metadata={"help": "Results as folders, to be uploaded file by file, or as one archive."},
    )
    limit: int = field(
        default=4000,
        metadata={
            "help": "Largest archive that is made, before compression.",
            "unit": "MB",
            "least": 1,
        },
    )
    benchmark: Literal["any", "CSB", "CTB", "CLB"] = field(
        default="any",
        metadata={
            "help": "CTB wants tracks, CSB leaves them out, any takes what is there; CLB, whose "
            "masks are given, is refused."
        },
    )
    wheels: Path | None = field(
        default=None,
        metadata={"help": "Folder of wheels to put in; the pre-flight installs from them."},
    )
    python: Path | None = field(
        default=None,
        metadata={"help": "Interpreter for a pre-flight without wheels; this one by default."},
    )
    run_option: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Word that the scripts add to 'ctc-submit run', as the results were made with; "
            "repeat for several."
        },
    )
    batch: bool = field(default=False, metadata={"help": "Also .bat files for Windows."})
    cluster: bool = field(
        default=False,
        metadata={"help": "Also a Dockerfile, an Apptainer definition and a SLURM example."},
    )
    preflight: bool = field(
        default=True,
        metadata={"help": "Run every script from the archive and compare before publishing."},
    )

    def __post_init__(self) -> None:
        """Refuse the benchmark whose scripts would have to link masks that are given."""
        if self.benchmark == "CLB":
            raise DataError(
                "--benchmark CLB: the scripts that are packed segment raw frames, this benchmark "
                "gives the masks; write one a sequence with ctc-submit track ../DATASET/01_ERR_SEG "
                "and hold the results to the rules with ctc-submit check --benchmark CLB"
            )

    @property
    def held_to(self) -> str | None:
        """The benchmark that results are held to, None for any."""
        return None if self.benchmark == "any" else self.benchmark


@dataclass(frozen=True)
class Server:
    """The challenge's FTPS server, as one's registration names it."""

    host: str = field(default="", metadata={"help": "Name of the server; or CTC_FTP_HOST."})
    port: int = field(
        default=21,
        metadata={"help": "Port; TLS is asked for after connecting.", "least": 1, "most": 65535},
    )
    root: str = field(default="/", metadata={"help": "Folder on the server to upload into."})
    ca: Path | None = field(
        default=None,
        metadata={"help": "File with the certificates to trust, if not the system's."},
    )
    timeout: float = field(
        default=60.0,
        metadata={"help": "Longest wait for an answer.", "unit": "s", "least": 0.1, "most": 86400},
    )
    attempts: int = field(
        default=3,
        metadata={"help": "How often a file is tried before the upload ends.", "least": 1},
    )
    skip_present: bool = field(
        default=False,
        metadata={
            "help": "Pass over files that the server has in the same size, of the same submission."
        },
    )
