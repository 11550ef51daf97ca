"""The engine as a command: `python -m render STORYBOARD.json -o OUT.mp4`.

Whatever the assets folder lacks is made by the offline provider; the output
appears only once it is whole and valid. With `--json` the lines of
`render.report` go to standard output, for a program that reads along.

Exit codes: 0 done, 1 failed, 2 wrongly used, 128 + n stopped by signal n.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeVar

import msgspec
import typer

from render.asking import Asked
from render.assembly import Order, Production, Signer
from render.cache import DEFAULT_MAX_BYTES
from render.errors import InvalidStoryboard
from render.inspection.examination import examine
from render.memory import set_up_allocator
from render.rendition import USUAL_RATE, Codec, Grade, Profile, Quality, frame_rate, profile_for
from render.report import ProgressLine, Report, Stage
from render.schema import choices, publish
from render.sentences import shorten
from render.storyboard import AspectRatio, Limits, Storyboard
from render.terminal import (
    open_standard_streams,
    print_json,
    reporting,
    run,
    working_folder,
)

_COMMANDS = {"compose", "plan", "probe", "schema", "segments", "sound", "--help"}
_MEBIBYTE = 1024 * 1024
_LONGEST_REASON = 200
_CREDENTIALS = Path(typer.get_app_dir("reelwright")) / "credentials"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

StoryboardFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
AssetsFolder = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="Holds each scene's files, called by its id: .png, .jpg, .heic, .mp4, .wav, .mp3, …",
    ),
]
StockFolder = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Pictures that may stand in for missing ones."),
]
CacheFolder = Annotated[
    Path | None, typer.Option(file_okay=False, help="Keeps finished pieces for the next time.")
]
Asking = Annotated[
    int | None,
    typer.Option(
        help="A descriptor to read: for each `wanted` line, a byte once the cache has of it what"
        " there is."
    ),
]
LimitsFile = Annotated[
    Path | None,
    typer.Option("--limits", exists=True, dir_okay=False, help="Other limits, as JSON."),
]
Strict = Annotated[bool, typer.Option("--strict", help="A missing file is an error.")]
Shapes = Annotated[
    list[str],
    typer.Option(
        "--profile",
        help="full, hd, preview, landscape (or 1080p30), vertical or square; the last three with"
        " -hd or -preview for a smaller one. Given more than once: a video each.",
    ),
]
Compression = Annotated[Codec, typer.Option(help="How pictures are compressed.")]
Rate = Annotated[
    str, typer.Option(help="Frames a second: 23.976, 24, 25, 29.97, 30, 50, 59.94 or 60.")
]
Compressed = Annotated[
    Grade, typer.Option("--quality", help="How much of a picture compression keeps.")
]
Json = Annotated[bool, typer.Option("--json", help="Report in lines of JSON.")]


def main() -> None:
    """Run the command; a storyboard may stand where a subcommand would."""
    open_standard_streams()
    set_up_allocator()
    arguments = sys.argv[1:] or ["--help"]
    if arguments[0] not in _COMMANDS:
        arguments.insert(0, "compose")
    run(app, arguments, prog_name="python -m render")


@app.command("compose")
def render(  # noqa: PLR0913  a command's options
    storyboard: StoryboardFile,
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="The MP4 to write.")],
    *,
    assets: AssetsFolder = None,
    stock: StockFolder = None,
    cache: CacheFolder = None,
    cache_size: Annotated[
        int, typer.Option(min=1, help="MiB that the cache keeps at the most.")
    ] = DEFAULT_MAX_BYTES // _MEBIBYTE,
    ask: Asking = None,
    claim: Annotated[
        bool, typer.Option("--claim", help="Others may encode segments of it: ask before each.")
    ] = False,
    profile: Shapes = ["full"],  # noqa: B006  typer's way
    codec: Compression = Codec.H264,
    quality: Compressed = Grade.STANDARD,
    fps: Rate = str(USUAL_RATE),
    poster: Annotated[Path | None, typer.Option(dir_okay=False, help="The JPEG to write.")] = None,
    thumbnails: Annotated[
        Path | None, typer.Option(file_okay=False, help="For a JPEG of each scene.")
    ] = None,
    captions: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The WebVTT file to write.")
    ] = None,
    srt: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The captions as SubRip, to write.")
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="When each word is said, as JSON, to write."),
    ] = None,
    word_captions: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="The captions with a time before each word, as WebVTT, to write."
        ),
    ] = None,
    chapters: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The WebVTT file of scenes to write.")
    ] = None,
    transcript: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The text file of what is said to write.")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The JPEG of small pictures to write, with its WebVTT."),
    ] = None,
    hls: Annotated[Path | None, typer.Option(file_okay=False, help="For the video as HLS.")] = None,
    webm: Annotated[
        Path | None, typer.Option(dir_okay=False, help="A small preview to write.")
    ] = None,
    gif: Annotated[
        Path | None, typer.Option(dir_okay=False, help="A small preview to write.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM of who signs; by default one made for development.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM of the signer's private key.")] = None,
    credentials: Annotated[
        Path, typer.Option(file_okay=False, help="Where the development certificate is kept.")
    ] = _CREDENTIALS,
    sign: Annotated[bool, typer.Option(help="Whether videos carry a C2PA manifest.")] = True,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Segments side by side.")] = 2,
    limits_file: LimitsFile = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Render a storyboard (the word `compose` may be left out)."""
    with reporting(json=json) as tell, working_folder(out, tell) as (work, stopped):
        board = _read(storyboard, Storyboard, "storyboard")
        order = Order(
            storyboard=board,
            inputs=tuple(filter(None, (storyboard, limits_file, certificate, key))),
            out=out,
            profiles=_profiles(profile, board, codec, quality, fps),
            assets=assets,
            stock=stock,
            cache=cache,
            cache_bytes=cache_size * _MEBIBYTE,
            elsewhere=None if ask is None else _asked(ask, tell, claims=claim, json=json),
            poster=poster,
            thumbnails=thumbnails,
            captions=captions,
            srt=srt,
            words=words,
            word_captions=word_captions,
            chapters=chapters,
            transcript=transcript,
            sheet=sheet,
            hls=hls,
            webm=webm,
            gif=gif,
            signer=_signer(certificate, key, credentials) if sign else None,
            strict=strict,
            workers=workers,
            limits=_limits(limits_file),
        )

        def report_progress(stage: Stage, done: int, total: int) -> None:
            tell(ProgressLine(stage=stage, done=done, total=total))

        tell(Production(order, work=work, on_progress=report_progress, stopped=stopped).make())


@app.command()
def sound(  # noqa: PLR0913  a command's options
    storyboard: StoryboardFile,
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="The M4A to write.")],
    *,
    assets: AssetsFolder = None,
    limits_file: LimitsFile = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Mix what a storyboard lets hear, narrations over ducked music, into a file of its own."""
    with reporting(json=json) as tell, working_folder(out, tell) as (work, stopped):
        order = Order(
            storyboard=_read(storyboard, Storyboard, "storyboard"),
            out=out,
            profiles=(),
            assets=assets,
            inputs=tuple(filter(None, (storyboard, limits_file))),
            strict=strict,
            limits=_limits(limits_file),
        )

        def report_progress(stage: Stage, done: int, total: int) -> None:
            tell(ProgressLine(stage=stage, done=done, total=total))

        production = Production(order, work=work, on_progress=report_progress, stopped=stopped)
        tell(production.make_sound())


@app.command()
def segments(  # noqa: PLR0913  a command's options
    storyboard: StoryboardFile,
    wanted: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Names of segments, as JSON.")
    ],
    *,
    ask: Annotated[int, typer.Option(help="As of `compose`; each segment is claimed.")],
    assets: AssetsFolder = None,
    cache: CacheFolder = None,
    cache_size: Annotated[
        int, typer.Option(min=1, help="MiB that the cache keeps at the most.")
    ] = DEFAULT_MAX_BYTES // _MEBIBYTE,
    profile: Shapes = ["full"],  # noqa: B006  typer's way
    codec: Compression = Codec.H264,
    quality: Compressed = Grade.STANDARD,
    fps: Rate = str(USUAL_RATE),
    workers: Annotated[int, typer.Option(min=1, max=64, help="Segments side by side.")] = 2,
    limits_file: LimitsFile = None,
    json: Json = False,
) -> None:
    """Encode segments of a film that another process makes, as far as they are claimed here."""
    out = storyboard.with_suffix(".segments")
    with reporting(json=json) as tell, working_folder(out, tell) as (work, stopped):
        board = _read(storyboard, Storyboard, "storyboard")
        order = Order(
            storyboard=board,
            out=out,
            profiles=_profiles(profile, board, codec, quality, fps),
            assets=assets,
            cache=cache,
            cache_bytes=cache_size * _MEBIBYTE,
            elsewhere=_asked(ask, tell, claims=True, json=json),
            workers=workers,
            limits=_limits(limits_file),
        )
        production = Production(order, work=work, on_progress=_ignore_progress, stopped=stopped)
        tell(production.help(_read(wanted, list[str], "list of names")))


@app.command()
def plan(  # noqa: PLR0913  a command's options
    storyboard: StoryboardFile,
    *,
    assets: AssetsFolder = None,
    stock: StockFolder = None,
    cache: CacheFolder = None,
    profile: Shapes = ["full"],  # noqa: B006  typer's way
    codec: Compression = Codec.H264,
    quality: Compressed = Grade.STANDARD,
    fps: Rate = str(USUAL_RATE),
    limits_file: LimitsFile = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Show the segments of a storyboard: which would be encoded, and which there are."""
    with reporting(json=json) as tell, TemporaryDirectory() as work:
        board = _read(storyboard, Storyboard, "storyboard")
        order = Order(
            storyboard=board,
            out=Path(work) / "video.mp4",
            profiles=_profiles(profile, board, codec, quality, fps),
            assets=assets,
            stock=stock,
            cache=cache,
            strict=strict,
            limits=_limits(limits_file),
        )
        production = Production(
            order, work=Path(work), on_progress=_ignore_progress, stopped=lambda: False
        )
        tell(production.plan())


@app.command()
def probe(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    json: Json = False,
) -> None:
    """Decode an MP4 to its end and tell what it holds; the exit code says whether all is well."""
    with reporting(json=json) as tell:

        def report_validation(done: int, total: int) -> None:
            if not json:
                tell(ProgressLine(stage=Stage.VALIDATE, done=done, total=total))

        examination = examine(file, on_frame=report_validation)
        tell(examination)
        if not examination.ok:
            raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a storyboard."""
    with reporting(json=False):
        print_json(publish(msgspec.json.schema(Storyboard)))


_SHAPES = {
    "landscape": AspectRatio.LANDSCAPE,
    "1080p30": AspectRatio.LANDSCAPE,
    "vertical": AspectRatio.PORTRAIT,
    "square": AspectRatio.SQUARE,
}


def _profiles(
    names: list[str], storyboard: Storyboard, codec: Codec, grade: Grade, fps: str
) -> tuple[Profile, ...]:
    """Return the profiles by name, each once; sizes alone have the storyboard's shape."""
    profiles: dict[str, Profile] = {}
    for name in names:
        shape, _, size = name.rpartition("-")
        if name in _SHAPES:
            shape, size = name, Quality.FULL.value
        if (shape and shape not in _SHAPES) or size not in set(Quality):
            raise typer.BadParameter(f"There is no profile {name!r}.", param_hint="--profile")
        profile = profile_for(
            _SHAPES.get(shape, storyboard.aspect_ratio),
            Quality(size),
            codec=codec,
            grade=grade,
            fps=frame_rate(fps),
        )
        profiles[profile.name] = profile
    return tuple(profiles.values())


def _signer(certificate: Path | None, key: Path | None, folder: Path) -> Signer:
    if (certificate is None) != (key is None):
        raise typer.BadParameter("A certificate and its key are given together.")
    return Signer(certificate=certificate, key=key, folder=folder)


def _asked(answers: int, tell: Callable[[Report], None], *, claims: bool, json: bool) -> Asked:
    if not json:
        raise typer.BadParameter("Only who reads lines of JSON can be asked.", param_hint="--ask")
    return Asked(answers, tell, claims=claims)


def _ignore_progress(_stage: Stage, _done: int, _total: int) -> None:
    return


_Value = TypeVar("_Value", Storyboard, Limits, list[str])


def _limits(path: Path | None) -> Limits:
    return _read(path, Limits, "limits") if path else Limits()


def _read(path: Path, kind: type[_Value], name: str) -> _Value:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # It quotes what is wrong, however long that is; where it stands comes last.
        reason, at, place = str(error).rpartition(" - at `")
        said = shorten(reason or place, _LONGEST_REASON) + at + (place if at else "")
        there_are = ", ".join(choices(kind, place.rstrip("`"))) if at else ""
        instead = f" There are {there_are}." if there_are else ""
        raise InvalidStoryboard(f"The {name} cannot be read: {said}.{instead}") from error


if __name__ == "__main__":
    main()
