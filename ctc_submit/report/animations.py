"""Pictures joined to an animation: GIF by itself, MP4 by ffmpeg."""

import importlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from ctc_submit.data.labels import whole_file
from ctc_submit.errors import DataError, ToolError

MISSING = (
    "--mp4 needs ffmpeg: install it (apt-get install ffmpeg), or pip install 'ctc-submit[video]'"
)


def write_gif(pictures: Sequence[Path], path: Path, *, speed: float = 8) -> None:
    """Join pictures to an animation that repeats for ever.

    Args:
        pictures: PNG files of one size, in order.
        path: The GIF to write.
        speed: Pictures a second; GIF counts in hundredths of a second.

    Raises:
        DataError: If the file cannot be written.
        ValueError: If there are no pictures.
    """
    if not pictures:
        raise ValueError("an animation needs at least one picture")
    with whole_file(path) as half:
        _paletted(pictures[0]).save(
            half,
            "GIF",
            save_all=True,
            append_images=(_paletted(picture) for picture in pictures[1:]),
            duration=10 * max(2, round(100 / speed)),
            loop=0,
        )


def ffmpeg() -> str:
    """Return the program ffmpeg: the one on the PATH, else that of the package imageio-ffmpeg.

    Raises:
        ToolError: If there is neither.
    """
    if program := shutil.which("ffmpeg"):
        return program
    try:
        find: Callable[[], str] = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe
        return find()
    except (ImportError, RuntimeError):
        raise ToolError(MISSING) from None


def write_mp4(pictures: Sequence[Path], path: Path, *, program: str, speed: float = 8) -> None:
    """Join pictures of one size to a video that browsers and slides play (H.264).

    Sides of an odd length grow by one black row or column, since H.264 stores colours by twos.

    Args:
        pictures: PNG files, in order.
        path: The MP4 to write.
        program: ffmpeg.
        speed: Pictures a second.

    Raises:
        DataError: If the file cannot be written, or a picture has another size than the first.
        ToolError: If ffmpeg fails.
        ValueError: If there are no pictures.
    """
    if not pictures:
        raise ValueError("a video needs at least one picture")
    with Image.open(pictures[0]) as first:
        size = first.size
    pixels = f"{size[0]}x{size[1]}"
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", pixels, "-r", str(speed), "-i", "-"]
    even = "pad=ceil(iw/2)*2:ceil(ih/2)*2"
    made = ["-c:v", "libx264", "-crf", "18", "-preset", "fast", "-pix_fmt", "yuv420p"]
    with whole_file(path) as half:
        command = [program, "-y", "-loglevel", "error", *given, "-vf", even, *made]
        command += ["-movflags", "+faststart", "-f", "mp4", str(half)]
        _pour(command, pictures, size)


def _pour(command: list[str], pictures: Sequence[Path], size: tuple[int, int]) -> None:
    """Hand the pixels of one picture after the other, all of one size, to a program.

    Raises:
        DataError: If a picture has another size.
        ToolError: If it fails.
    """
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert process.stdin is not None and process.stderr is not None
        try:
            for picture in pictures:
                with Image.open(picture) as image:
                    _demand_size(picture, image.size, size)
                    process.stdin.write(image.convert("RGB").tobytes())
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended early, and says why
        except BaseException:
            process.kill()
            raise
        told = process.stderr.read().decode(errors="replace").strip().splitlines()
    if process.returncode:
        why = told[-1] if told else f"exit code {process.returncode}"
        raise ToolError(f"{command[0]}: failed ({why})")


def _demand_size(picture: Path, found: tuple[int, int], expected: tuple[int, int]) -> None:
    if found != expected:
        told, first = (f"{height}×{width}" for width, height in (found, expected))
        raise DataError(
            f"{picture}: is {told} pixels, the first frame is {first}; a video has one size"
        )


def _paletted(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("P", palette=Image.Palette.ADAPTIVE)
