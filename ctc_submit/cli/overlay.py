"""``ctc-submit overlay``: pictures of a result over the frames that it belongs to."""

import re
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.errors import DataError
from ctc_submit.report.overlay_settings import OverlaySettings

_RESULT = re.compile(r"(.+)_RES(-.+)?")


@click.command()
@errors_to_exit_codes
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "--sequence",
    type=click.Path(path_type=Path),
    help="Folder of the raw frames.  [default: RESULT without its _RES]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the pictures.  [default: RESULT with _overlay behind]",
)
@click.option("--truth", type=click.Choice(["GT", "ST"]), help="Draw this truth too, in white.")
@click.option("--gif", is_flag=True, help="Also join the pictures to overlay.gif.")
@click.option("--mp4", is_flag=True, help="Also join the pictures to overlay.mp4; needs ffmpeg.")
@options_from(OverlaySettings, "settings")
def command(
    result: Path,
    sequence: Path | None,
    out: Path | None,
    truth: str | None,
    gif: bool,
    mp4: bool,
    settings: OverlaySettings,
) -> None:
    """Draw the masks of RESULT over their frames: one PNG a frame.

    Every cell is outlined in the colour of its label, the same in all frames.
    """
    from tqdm import tqdm

    from ctc_submit.data.sequence import Sequence
    from ctc_submit.report.animations import ffmpeg, write_gif, write_mp4
    from ctc_submit.report.overlays import write_overlays

    result = result.resolve() if result.name in {"", ".."} else result
    frames = Sequence.at(sequence or sequence_of(result))
    folder = out or result.with_name(f"{result.name}_overlay")
    program = ffmpeg() if mp4 else ""
    written = write_overlays(result, frames, folder, truth=truth or "", settings=settings)
    count = -(-len(frames.frames) // settings.every)
    pictures = list(tqdm(written, total=count, unit="frame", disable=None, leave=False))
    if gif:
        write_gif(pictures, folder / "overlay.gif", speed=settings.speed)
    if mp4:
        write_mp4(pictures, folder / "overlay.mp4", program=program, speed=settings.speed)
    told = [f"{len(pictures)} pictures", *["overlay.gif"] * gif, *["overlay.mp4"] * mp4]
    click.echo(f"{folder}: {', '.join(told)}")


def sequence_of(result: Path) -> Path:
    """Return the folder of the frames of ``NN_RES`` or, with a configuration, ``NN_RES-GT``."""
    match = _RESULT.fullmatch(result.name)
    if match is None:
        near = [result.with_name(f"{result.name}_RES"), *sorted(result.glob("[0-9][0-9]_RES*"))]
        there = [str(path) for path in near if _RESULT.fullmatch(path.name) and path.is_dir()]
        mend = f"name {' or '.join(there)}, or " if there else ""
        raise DataError(
            f"{result}: is not named NN_RES; {mend}say where its frames are with --sequence"
        )
    return result.with_name(match[1])
