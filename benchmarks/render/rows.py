"""The rows of the table: what is measured, what is wanted, and whether it is met.

A row is measured by one function over a `Bench`; rows that share a trial share
its runs. Every ratio is between medians of runs that were interleaved.
"""

from collections.abc import Callable, Iterator
from functools import partial
from math import inf
from statistics import median

import msgspec
from msgspec.structs import replace
from PIL import Image

from benchmarks.render import ideal
from benchmarks.render.bench import LONG, SHORT, Bench, Trial, digest
from benchmarks.render.peers import Command
from benchmarks.render.processes import Cost
from benchmarks.render.workload import Workload, speak, write_picture
from render.pictures.canvas import Canvas
from render.pictures.motion import window
from render.pictures.still import film, load_plate
from render.rendition import profile_for
from render.storyboard import AspectRatio, Motion, Scene

_SLOW_RUNS = {"moviepy": 1, "editly": 2, "shapes": 2, "vertical": 2, "square": 2}
"""Peers that take minutes run less often; the table says how often."""
_SHAPES = ("--profile", "landscape", "--profile", "vertical", "--profile", "square")
_MEMORY = 600
"""MiB."""
_FRAMES = range(0, 162, 23)
"""Which frames of a slow zoom are compared with the ideal."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table."""

    what: str
    target: str = msgspec.field(name="wanted")
    measured: str
    met: bool | None
    """None where it could not be measured here."""
    notes: str = ""


Runs = dict[str, Trial]


_COMPOSING = 1.10
"""What composing may cost, in costs of the encoder alone."""


def measure_rows(
    bench: Bench, rows: frozenset[str], *, runs: int
) -> Iterator[tuple[str, list[Line]]]:
    """Measure the rows asked for; yield each row's name and lines when it is done."""
    chosen = {name: _TRIALS[name] for name in _TRIALS if name in rows}
    commands: dict[str, Command] = {}
    for names in chosen.values():
        for name in names:
            if name not in commands and (command := _command(bench, name)):
                commands[name] = command
    times = {name: min(runs, _SLOW_RUNS.get(name, runs)) for name in commands}
    # The long ones in turns of their own: what is compared stands close together in time.
    trials: Runs = {}
    for length in (False, True):
        part = {name: command for name, command in commands.items() if _is_long(name) is length}
        if part:
            trials |= bench.interleaved(part, runs=times)
    for name in chosen:
        yield name, _LINES[name](trials)
    if "motion" in rows:
        yield "motion", _motion(bench)
    if "again" in rows:
        yield "again", _again(bench, runs=runs)


def _is_long(name: str) -> bool:
    return name.endswith("-long")


def _command(bench: Bench, name: str) -> Command | None:
    short = bench.workload(**SHORT)
    peers, out = bench.peers, bench.out / f"{name}.mp4"
    makers: dict[str, Callable[[], Command | None]] = {
        "floor": lambda: bench.floor(frames=short.frames),
        "decoding": bench.decoding,
        "engine": lambda: bench.engine(short),
        "shapes": lambda: bench.engine(short, *_SHAPES),
        "vertical": lambda: bench.engine(short, "--profile", "vertical"),
        "square": lambda: bench.engine(short, "--profile", "square"),
        "dressed": lambda: bench.engine(bench.workload(**SHORT, dressed=True)),
        "floor-long": lambda: bench.floor(frames=LONG["seconds"] * 30),
        "engine-long": lambda: bench.engine(bench.workload(**LONG)),
        "ffmpeg": lambda: peers.ffmpeg(short, out, finer=1),
        "ffmpeg4": lambda: peers.ffmpeg(short, out, finer=4),
        "editly": lambda: peers.editly(short, out),
        "moviepy": lambda: peers.moviepy(short, out),
    }
    return makers[name]()


def _cost(trial: Trial) -> str:
    return f"{trial.wall:.1f} s wall, {trial.cpu:.1f} s CPU, n={len(trial.runs)}"


def _over_floor(runs: Runs, *, engine: str, what: str, limit: float) -> list[Line]:
    floor, ours = runs["floor"], runs[engine]
    ratio = ours.cpu / floor.cpu
    return [
        Line(
            what=f"{what}, 30 s: CPU against the encoder alone",
            target=f"≤ {limit:.2f}",
            measured=f"{ratio:.2f}",
            met=ratio <= limit,
            notes=f"{_cost(ours)}; floor {_cost(floor)}; wall {ours.wall / floor.wall:.2f}; "
            f"load {ours.load:.1f}",
        )
    ]


def _without_decoding(runs: Runs) -> list[Line]:
    floor, ours, decoding = runs["floor"], runs["engine"], runs["decoding"]
    ratio = (ours.cpu - decoding.cpu) / floor.cpu
    return [
        Line(
            what="of that, composing without decoding what was made",
            target=f"≤ {_COMPOSING:.2f}",
            measured=f"{ratio:.2f}",
            met=ratio <= _COMPOSING,
            notes=f"decoding the same frames in a process of its own: {_cost(decoding)}, "
            f"{decoding.cpu / floor.cpu:.2f} of the floor",
        )
    ]


def _shapes(runs: Runs) -> list[Line]:
    apart = sum(runs[name].cpu for name in ("engine", "vertical", "square"))
    ratio = runs["shapes"].cpu / apart
    return [
        Line(
            what="three shapes in one call: CPU against three calls",
            target="< 1",
            measured=f"{ratio:.2f}",
            met=ratio < 1,
            notes=f"{_cost(runs['shapes'])}; apart {apart:.1f} s CPU",
        )
    ]


def _long(runs: Runs) -> list[Line]:
    short = runs["engine"].cpu / runs["floor"].cpu
    ours, floor = runs["engine-long"], runs["floor-long"]
    ratio = ours.cpu / floor.cpu
    return [
        Line(
            what="picture and sound, 120 s in 20 scenes: CPU against the encoder alone",
            target=f"≤ {short:.2f}, as at 30 s",
            measured=f"{ratio:.2f}",
            met=round(ratio, 2) <= round(short, 2),
            notes=f"{_cost(ours)}; floor {_cost(floor)}",
        )
    ]


def _memory(runs: Runs) -> list[Line]:
    short, dressed, long = (runs[name].peak for name in ("engine", "dressed", "engine-long"))
    peak = max(short, dressed, long)
    return [
        Line(
            what="peak memory of the whole process tree",
            target=f"≤ {_MEMORY} MiB, flat in length",
            measured=f"{peak:.0f} MiB",
            # A twentieth is what two runs of the same video differ by.
            met=peak <= _MEMORY and long <= 1.05 * max(short, dressed),
            notes=f"30 s: {short:.0f}; with captions and music: {dressed:.0f}; 120 s: {long:.0f}",
        )
    ]


def _faster(runs: Runs, *, peer: str, what: str, limit: float) -> list[Line]:
    if peer not in runs:
        target = f"≥ {limit:g} times faster"
        return [Line(what=what, target=target, measured="not installed", met=None)]
    ours, theirs = runs["engine"], runs[peer]
    ratio = theirs.wall / ours.wall
    return [
        Line(
            what=what,
            target=f"≥ {limit:g} times faster",
            measured=f"{ratio:.2f} times",
            met=ratio >= limit,
            notes=f"{_cost(theirs)}, {theirs.peak:.0f} MiB; ours {_cost(ours)}; "
            f"CPU {theirs.cpu / ours.cpu:.2f} times",
        )
    ]


def _motion(bench: Bench) -> list[Line]:
    profile = profile_for(AspectRatio.LANDSCAPE)
    worst, furthest = inf, 0.0
    for shot in bench.workload(**SHORT).shots[:2]:
        path = bench.workload(**SHORT).assets / f"{shot.id}.jpg"
        with Image.open(path) as image:
            luma = ideal.picture_luma(image)
        plate, canvas = load_plate(path, profile), Canvas(profile)
        for frame in _FRAMES:
            view = window(Motion.ZOOM_IN, frame=frame, frames=_FRAMES.stop)
            film(plate, view, canvas)
            target = ideal.view(luma, view, width=profile.width, height=profile.height)
            worst = min(worst, ideal.psnr(canvas.y, target))
            furthest = max(furthest, ideal.displacement(canvas.y, target))
    compared = f"{2 * len(_FRAMES)} frames of two pictures, before encoding"
    return [
        Line(
            what="slow zoom against an ideal warp: luma PSNR of the worst frame",
            target="≥ 40 dB",
            measured=f"{worst:.1f} dB",
            met=worst >= 40,  # noqa: PLR2004  as wanted
            notes=compared,
        ),
        Line(
            what="the same: displacement in the worst frame's worst corner",
            target="≤ 0.05 px",
            measured=f"{furthest:.4f} px",
            met=furthest <= 0.05,  # noqa: PLR2004  as wanted
            notes=compared,
        ),
    ]


def _again(bench: Bench, *, runs: int) -> list[Line]:
    """Render with a cache, change one thing, and render again; every change is a new one."""
    workload = bench.copied(bench.workload(**LONG, dressed=True))
    out, cache = bench.out / "engine.mp4", workload.folder / "cache"
    command = bench.engine(workload, "--cache", cache)
    full = bench.once("into an empty cache", command)
    whole = digest(out)
    lines = [
        _share(
            "the second render with nothing changed, 120 s in 20 scenes",
            [bench.once("nothing changed", command) for _ in range(runs)],
            full=full,
            limit=0.03,
        )
    ]
    same = digest(out) == whole
    lines.append(
        Line(
            what="the second render's file",
            target="byte-identical",
            measured="byte-identical" if same else "another",
            met=same,
        )
    )
    for what, change in _CHANGES.items():
        costs: list[Cost] = []
        for turn in range(runs):
            change(workload, turn)
            costs.append(bench.once(what, command))
        lines.append(_share(f"the render after one {what}", costs, full=full, limit=0.12))
    return lines


def _share(what: str, costs: list[Cost], *, full: Cost, limit: float) -> Line:
    cpu, wall = median(cost.cpu for cost in costs), median(cost.wall for cost in costs)
    ratio = cpu / full.cpu
    return Line(
        what=f"{what}: CPU against the full render",
        target=f"≤ {limit:g}",
        measured=f"{ratio:.3f}",
        met=ratio <= limit,
        notes=f"{wall:.1f} s wall, {cpu:.1f} s CPU, n={len(costs)}; full {full.wall:.1f} s wall, "
        f"{full.cpu:.1f} s CPU; wall {wall / full.wall:.3f}",
    )


def _another_picture(workload: Workload, turn: int) -> None:
    write_picture(workload.assets / f"{workload.shots[4 + turn].id}.jpg", seed=1000 + turn)


def _another_caption(workload: Workload, turn: int) -> None:
    _edit(workload, 9 + turn, lambda scene: replace(scene, caption=f"Wait for it, {turn}."))


def _another_line(workload: Workload, turn: int) -> None:
    # Half a second longer, so that all that follows stands elsewhere.
    number, text = 2 + turn, f"There is another line here, number {turn}."
    _edit(
        workload,
        number,
        lambda scene: replace(scene, narration=text, duration=(scene.duration or 0) + 0.5),
    )
    speak(text, workload.assets / f"{workload.shots[number].id}.wav")


def _edit(workload: Workload, number: int, change: Callable[[Scene], Scene]) -> None:
    storyboard = workload.read()
    scenes = list(storyboard.scenes)
    scenes[number] = change(scenes[number])
    workload.write(replace(storyboard, scenes=tuple(scenes)))


_CHANGES = {
    "picture changed": _another_picture,
    "caption changed": _another_caption,
    "narration line changed": _another_line,
}

_TRIALS = {
    "sound": ("floor", "engine"),
    "decoding": ("floor", "decoding", "engine"),
    "dressed": ("floor", "dressed"),
    "long": ("floor", "engine", "floor-long", "engine-long"),
    "moviepy": ("engine", "moviepy"),
    "editly": ("engine", "editly"),
    "ffmpeg": ("engine", "ffmpeg"),
    "ffmpeg4": ("engine", "ffmpeg4"),
    "shapes": ("shapes", "engine", "vertical", "square"),
    "memory": ("engine", "dressed", "engine-long"),
}
"""The commands that each row compares."""

_LINES: dict[str, Callable[[Runs], list[Line]]] = {
    "sound": partial(_over_floor, engine="engine", what="picture and sound", limit=1.20),
    "decoding": _without_decoding,
    "dressed": partial(_over_floor, engine="dressed", what="captions and music too", limit=1.25),
    "long": _long,
    "moviepy": partial(_faster, peer="moviepy", what="against MoviePy 2", limit=8),
    "editly": partial(_faster, peer="editly", what="against editly", limit=3),
    "ffmpeg": partial(
        _faster,
        peer="ffmpeg",
        what="against one ffmpeg process, xfade with zoompan as it comes (it jitters)",
        limit=1.25,
    ),
    "ffmpeg4": partial(
        _faster,
        peer="ffmpeg4",
        what="against the same supersampled four times (near our smoothness)",
        limit=2.3,
    ),
    "shapes": _shapes,
    "memory": _memory,
}

ROWS = (*_TRIALS, "motion", "again")
"""Every row, in the table's order."""
