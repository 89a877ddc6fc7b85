import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ctc_submit.errors import DataError, ToolError
from ctc_submit.report.animations import ffmpeg, write_gif, write_mp4

COLOURS = [(213, 94, 0), (0, 158, 115), (86, 180, 233), (255, 255, 255)]


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Four pictures of one colour each, with sides of an odd length."""
    for time, colour in enumerate(COLOURS):
        Image.new("RGB", (41, 33), colour).save(tmp_path / f"t{time:03d}.png")
    return sorted(tmp_path.glob("*.png"))


def script(folder: Path, body: str) -> str:
    """A program that takes ffmpeg's place."""
    program = folder / "ffmpeg"
    program.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    program.chmod(0o755)
    return str(program)


def test_an_animation_shows_every_picture(pictures: list[Path], tmp_path: Path) -> None:
    write_gif(pictures, tmp_path / "a.gif", speed=20)
    with Image.open(tmp_path / "a.gif") as animation:
        assert getattr(animation, "n_frames", 1) == 4
        assert animation.size == (41, 33) and animation.info["loop"] == 0
        assert animation.info["duration"] == 50
        for time, colour in enumerate(COLOURS):
            animation.seek(time)
            assert animation.convert("RGB").getpixel((20, 16)) == colour
    with pytest.raises(ValueError, match="at least one picture"):
        write_gif([], tmp_path / "b.gif")
    with pytest.raises(DataError, match=r"a\.gif: cannot be written"):
        write_gif(pictures, tmp_path / "missing" / "a.gif")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
def test_a_video_shows_every_picture(pictures: list[Path], tmp_path: Path) -> None:
    write_mp4(pictures, tmp_path / "a.mp4", program=ffmpeg(), speed=5)
    unpack = [ffmpeg(), "-loglevel", "error", "-i", str(tmp_path / "a.mp4")]
    raw = subprocess.run(
        [*unpack, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True
    ).stdout
    video = np.frombuffer(raw, np.uint8).reshape(-1, 34, 42, 3)
    assert len(video) == 4
    for shown, colour in zip(video, COLOURS, strict=True):
        assert np.abs(shown[16, 20].astype(int) - colour).max() < 12
        assert shown[33].max() < 60 and shown[:, 41].max() < 60  # sides are even


def test_the_pixels_of_all_pictures_go_to_the_program(pictures: list[Path], tmp_path: Path) -> None:
    program = script(
        tmp_path,
        "from pathlib import Path\n"
        "Path(sys.argv[-1]).write_bytes(sys.stdin.buffer.read() + repr(sys.argv).encode())",
    )
    write_mp4(pictures, tmp_path / "a.mp4", program=program, speed=2.5)
    written = (tmp_path / "a.mp4").read_bytes()
    size = 41 * 33 * 3
    assert [tuple(written[time * size :][:3]) for time in range(4)] == COLOURS
    told = written[4 * size :].decode()
    assert "'-s', '41x33', '-r', '2.5'" in told
    assert [path.name for path in tmp_path.glob("*a.mp4*")] == ["a.mp4"]


def test_a_program_that_fails_says_why_and_leaves_nothing(
    pictures: list[Path], tmp_path: Path
) -> None:
    large = [tmp_path / "large.png"]
    Image.new("RGB", (2000, 2000)).save(large[0])
    program = script(tmp_path, "sys.exit('one\\nUnknown encoder libx264')")
    for given in (pictures, large):  # what is written is taken, or the pipe breaks
        with pytest.raises(ToolError, match=r"ffmpeg: failed \(Unknown encoder libx264\)"):
            write_mp4(given, tmp_path / "a.mp4", program=program)
    with pytest.raises(ToolError, match="exit code 3"):
        write_mp4(pictures, tmp_path / "a.mp4", program=script(tmp_path, "sys.exit(3)"))
    assert not list(tmp_path.glob("*a.mp4*"))
    with pytest.raises(ValueError, match="at least one picture"):
        write_mp4([], tmp_path / "a.mp4", program=program)


def test_a_picture_of_another_size_is_named(pictures: list[Path], tmp_path: Path) -> None:
    Image.new("RGB", (33, 41)).save(pictures[2])
    program = script(tmp_path, "sys.stdin.buffer.read()")
    told = r"t002\.png: is 41×33 pixels, the first frame is 33×41; a video has one size"
    with pytest.raises(DataError, match=told):
        write_mp4(pictures, tmp_path / "a.mp4", program=program)
    assert not list(tmp_path.glob("*a.mp4*"))


def test_where_ffmpeg_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = script(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ffmpeg() == program
    monkeypatch.setenv("PATH", "")
    package = SimpleNamespace(get_ffmpeg_exe=lambda: "/inside/ffmpeg")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", package)
    assert ffmpeg() == "/inside/ffmpeg"
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ToolError, match=r"pip install 'ctc-submit\[video\]'"):
        ffmpeg()
