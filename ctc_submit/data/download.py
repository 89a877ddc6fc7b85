"""Data sets fetched from the challenge's server, or from a mirror of it.

With requests rather than pooch: archives have up to 460 GB, and pooch begins a download anew where
it broke off, as it asks for no range of bytes.
"""

import hashlib
import logging
from pathlib import Path

import requests
from tqdm import tqdm

from ctc_submit.data.archive import refuse_existing, unpack_dataset
from ctc_submit.data.datasets import DOWNLOADS, Dataset
from ctc_submit.data.labels import whole_file
from ctc_submit.data.one_writer import one_writer
from ctc_submit.errors import DataError, ToolError

TERMS = """\
Terms of use of the Cell Tracking Challenge's data, in short (the challenge's website has the
full and current text; it decides):
- Work towards the challenge (preparing, taking part, reporting on it) needs no further consent.
- Publications acknowledge the challenge and cite its paper in Nature Methods.
- Other scientific use in public needs the consent of those who provided the data; commercial use
  needs that of the organisers and the providers.
- Do not pass frames or annotations on."""

SHA256: dict[tuple[str, str], str] = {}
"""SHA-256 of official archives by (data set, part). The challenge publishes none."""

_MEND = "check the connection and the name, or name a mirror with --mirror"
_PATIENCE = 30.0
_BLOCK = 1 << 16

logger = logging.getLogger(__name__)


def download_dataset(
    dataset: Dataset,
    to: Path,
    *,
    part: str = "training",
    base: str = DOWNLOADS,
    sha256: str = "",
    overwrite: bool = False,
) -> Path:
    """Fetch and unpack one data set.

    An archive that was fetched in part is continued. Its SHA-256 is recorded beside the data set,
    in ``<DATASET>-<part>.zip.sha256``, in the format of ``sha256sum``. Progress goes to stderr.

    Args:
        dataset: Which one.
        to: Folder that the data set's folder is made in.
        part: ``training`` or ``test``.
        base: Address of the server, in place of the official one.
        sha256: Expected SHA-256 of the archive, in hexadecimal; empty for the known one, if any.
        overwrite: Whether an existing folder is replaced.

    Returns:
        The folder of the data set.

    Raises:
        ToolError: If the server cannot be reached, or has no such archive, or breaks off.
        DataError: If the folder exists, the archive is not as expected, nothing can be written,
            or another program fetches the same.
    """
    folder = to / dataset.name
    refuse_existing(folder, overwrite)
    archive = to / f".{dataset.name}-{part}.zip.partial"
    url = dataset.url(part).replace(DOWNLOADS, base.rstrip("/"), 1)
    with one_writer(folder, "download"):
        try:
            to.mkdir(parents=True, exist_ok=True)
            _fetch(url, archive)
            digest = sha256_of(archive)
        except OSError as error:
            raise DataError(f"{to}: cannot be written ({error.strerror or error})") from error
        try:
            expect_sha256(archive, digest, sha256 or SHA256.get((dataset.name, part), ""))
            with tqdm(
                unit="B", unit_scale=True, desc="unpacking", disable=None, leave=False
            ) as bar:
                unpack_dataset(archive, folder, overwrite=overwrite, progress=bar.update)
        except DataError as error:
            if not isinstance(error.__cause__, OSError):  # a full disk is not the archive's fault
                archive.unlink()
            raise
        archive.unlink()
        with whole_file(to / f"{dataset.name}-{part}.zip.sha256") as record:
            record.write_text(f"{digest}  {dataset.name}.zip\n", "ascii")
    return folder


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def expect_sha256(archive: Path, found: str, expected: str) -> None:
    """Hold a checksum against the one expected, if there is one.

    Raises:
        DataError: If they differ.
    """
    if expected and found != expected.lower():
        raise DataError(
            f"{archive}: expected SHA-256 {expected.lower()}, found {found}; fetch it again"
        )


def _fetch(url: str, target: Path) -> None:
    """Fetch a file, or the rest of it where ``target`` holds its beginning."""
    try:
        while not _fetch_rest(url, target):
            logger.info("%s: cannot be continued, starting over", target)
            target.unlink()
    except requests.HTTPError as error:
        answer = f"{error.response.status_code} {error.response.reason}"
        raise ToolError(f"{url}: the server answered {answer}; {_MEND}") from None
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        so_far = target.stat().st_size if target.exists() else 0
        trouble = f"broke off after {so_far} bytes" if so_far else "cannot be reached"
        mend = "the same command continues" if so_far else _MEND
        raise ToolError(f"{url}: {trouble}; {mend}") from error
    except requests.RequestException as error:
        raise ToolError(f"{url}: cannot be fetched ({type(error).__name__}); {_MEND}") from error


def _fetch_rest(url: str, target: Path) -> bool:
    """Fetch what is missing; False if the server cannot continue what is there."""
    have = target.stat().st_size if target.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=_PATIENCE) as response:
        ranged = response.headers.get("Content-Range", "")
        if have and response.status_code == requests.codes.requested_range_not_satisfiable:
            return ranged == f"bytes */{have}"
        response.raise_for_status()
        if response.status_code == requests.codes.partial_content:
            if not ranged.startswith(f"bytes {have}-"):
                return False
        else:
            have = 0
        size = int(response.headers.get("Content-Length", 0)) + have
        with (
            target.open("ab" if have else "wb") as sink,
            tqdm(
                total=size or None,
                initial=have,
                unit="B",
                unit_scale=True,
                disable=None,
                leave=False,
                desc="downloading",
            ) as bar,
        ):
            for block in response.iter_content(_BLOCK):
                sink.write(block)
                bar.update(len(block))
    return True
