"""What else makes such a video: one ffmpeg process, MoviePy and editly, each as a command.

They live in a folder of their own, which is made when they are first wanted:
Python packages from `benchmarks/peers.txt`, editly from npm, which compiles two
native modules (Debian: libcairo2-dev, libpango1.0-dev, libjpeg-dev, libgif-dev,
librsvg2-dev, libxi-dev, libglew-dev) and needs `ffprobe` and `xvfb-run` to run.
A peer that cannot be had here is None, and its row says so.
"""

import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import msgspec

from benchmarks.render.workload import FADE, FPS, Shot, Workload

_EDITLY = "0.14.2"
_HERE = Path(__file__).parent
_H264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p"]
_MP4 = ["-movflags", "+faststart"]
_SIZE = (1920, 1080)
_LEAD = 0.3
"""Seconds from a scene's beginning to its first word."""

Command = list[str | Path]


class Peers:
    """The peers installed in one folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing is installed yet."""
        self._folder = folder

    def moviepy(self, workload: Workload, out: Path) -> Command | None:
        """Return MoviePy's command."""
        if self._python is None:
            return None
        shots = workload.folder / "shots.json"
        shots.write_bytes(msgspec.json.encode(workload.shots))
        return [self._python, _HERE / "moviepy_film.py", shots, workload.assets, out]

    def editly(self, workload: Workload, out: Path) -> Command | None:
        """Return editly's command."""
        if self._editly is None or self._ffmpeg is None:
            return None
        spec = workload.folder / "editly.json"
        spec.write_bytes(msgspec.json.encode(_editly_spec(workload, out, self._ffmpeg)))
        return ["xvfb-run", "--auto-servernum", "node", self._editly, "--json", spec]

    def ffmpeg(self, workload: Workload, out: Path, *, finer: int) -> Command | None:
        """Return the command of one ffmpeg process; `finer` times the size before zooming."""
        if self._ffmpeg is None:
            return None
        command: Command = [self._ffmpeg, "-y", "-nostdin", "-v", "error"]
        for shot in workload.shots:
            command += ["-i", workload.assets / f"{shot.id}.jpg"]
        for shot in workload.shots:
            command += ["-i", workload.assets / f"{shot.id}.wav"]
        command += ["-filter_complex", _graph(workload.shots, finer), "-map", "[v]", "-map", "[a]"]
        return [*command, *_H264, "-c:a", "aac", "-b:a", "160k", *_MP4, out]

    @cached_property
    def _python(self) -> Path | None:
        python = self._folder / "python" / "bin" / "python"
        if not python.exists():
            _output_of([sys.executable, "-m", "venv", python.parent.parent])
            requirements = _HERE.parent.parent / "peers.txt"
            if _output_of([python, "-m", "pip", "install", "--quiet", "-r", requirements]) is None:
                shutil.rmtree(python.parent.parent, ignore_errors=True)
        return python if python.exists() else None

    @cached_property
    def _ffmpeg(self) -> str | None:
        question = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
        return _output_of([self._python, "-c", question]) if self._python else None

    @cached_property
    def _editly(self) -> Path | None:
        if not all(map(shutil.which, ("node", "npm", "ffprobe", "xvfb-run"))):
            return None
        root = self._folder / "editly"
        program = root / "node_modules" / "editly" / "cli.js"
        if not program.exists():
            root.mkdir(parents=True, exist_ok=True)
            quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
            _output_of(["npm", "install", "--prefix", root, f"editly@{_EDITLY}", *quiet])
        # Its native modules fail to build where their headers are missing.
        script = f"import({str(program.with_name('index.js'))!r})"
        works = program.exists() and _output_of(
            ["node", "-e", f"{script}.then(() => console.log('ok'))"]
        )
        return program if works else None

    @property
    def versions(self) -> str:
        """Which of them there are."""
        parts = [f"editly {_EDITLY}" if self._editly else "editly not installed"]
        if self._ffmpeg:
            version = _output_of([self._ffmpeg, "-version"]) or "ffmpeg"
            parts.append(version.splitlines()[0].split(" Copyright")[0])
            requirements = (_HERE.parent.parent / "peers.txt").read_text()
            parts += [
                line.replace("==", " ") for line in requirements.split() if "moviepy==" in line
            ]
        return ", ".join(parts)


def _output_of(command: list[str | Path]) -> str | None:
    """Return what a command says, or None if it fails."""
    done = subprocess.run(  # noqa: S603  this module's own commands
        command, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if not done.returncode else None


def _graph(shots: tuple[Shot, ...], finer: int) -> str:
    """Return a filter graph: each still zoomed, all crossfaded, voices in their places."""
    width, height = _SIZE
    wide, high = width * finer, height * finer
    parts = [
        f"[{number}:v]scale={wide}:{high}:force_original_aspect_ratio=increase,crop={wide}:{high},"
        f"zoompan={_way(shot)}:d={shot.frames}:s={width}x{height}:fps={FPS},setsar=1,"
        f"format=yuv420p[s{number}]"
        for number, shot in enumerate(shots)
    ]
    seen = "s0"
    for number, shot in enumerate(shots[1:], start=1):
        last = number == len(shots) - 1
        joined = "v" if last else f"x{number}"
        parts.append(
            f"[{seen}][s{number}]xfade=transition=fade:duration={FADE / FPS}:"
            f"offset={shot.start / FPS}[{joined}]"
        )
        seen = joined
    for number, shot in enumerate(shots):
        delay = round((shot.start / FPS + _LEAD) * 1000)
        parts.append(f"[{len(shots) + number}:a]adelay={delay}:all=1[a{number}]")
    voices = "".join(f"[a{number}]" for number in range(len(shots)))
    end = (shots[-1].start + shots[-1].frames) / FPS
    parts.append(f"{voices}amix=inputs={len(shots)}:normalize=0,apad=whole_dur={end}[a]")
    return ";".join(parts)


def _way(shot: Shot) -> str:
    share = f"on/{shot.frames}"
    if shot.motion.startswith("zoom"):
        zoom = f"1+0.12*{share}" if shot.motion == "zoom_in" else f"1.12-0.12*{share}"
        return f"z='{zoom}':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2'"
    across = {"pan_right": share, "pan_left": f"(1-{share})"}.get(shot.motion, "0.5")
    down = f"(1-{share})" if shot.motion == "pan_up" else "0.5"
    return f"z=1.08:x='(iw-iw/zoom)*{across}':y='(ih-ih/zoom)*{down}'"


def _editly_spec(workload: Workload, out: Path, ffmpeg: str) -> dict[str, object]:
    width, height = _SIZE
    directions = {"zoom_in": "in", "zoom_out": "out", "pan_left": "left", "pan_right": "right"}
    return {
        "outPath": str(out),
        "width": width,
        "height": height,
        "fps": FPS,
        "ffmpegPath": ffmpeg,
        "customOutputArgs": [*_H264, *_MP4],
        "defaults": {"transition": {"name": "fade", "duration": FADE / FPS}},
        "audioTracks": [
            {"path": str(workload.assets / f"{shot.id}.wav"), "start": shot.start / FPS + _LEAD}
            for shot in workload.shots
        ],
        "clips": [
            {
                "duration": shot.frames / FPS,
                "layers": [
                    {
                        "type": "image",
                        "path": str(workload.assets / f"{shot.id}.jpg"),
                        # It pans across only.
                        "zoomDirection": directions.get(shot.motion, "right"),
                        "zoomAmount": 0.12,
                    }
                ],
            }
            for shot in workload.shots
        ],
    }
