"""The engine as a command: `python -m render STORYBOARD.json -o OUT.mp4`.

Whatever the assets folder lacks is made by the offline provider; the output
appears only once it is whole and valid. With `--json` the lines of
`render.report` go to standard output, for a program that reads along.

Exit codes: 0 done, 1 failed, 2 wrongly used, 128 + n stopped by signal n.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeVar

import msgspec
import typer

from render.cache import DEFAULT_MAX_BYTES
from render.delivery.probe import inspect
from render.errors import InvalidStoryboard
from render.production import Order, Production
from render.rendition import Quality, profile_for
from render.report import PlanLine, ProgressLine, Stage
from render.storyboard import Limits, Storyboard
from render.terminal import print_json, telling, working_folder

_COMMANDS = {"compose", "plan", "probe", "schema", "--help"}
_MEBIBYTE = 1024 * 1024

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

StoryboardFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
AssetsFolder = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Holds <scene id>.png, .mp4 and .wav files."),
]
CacheFolder = Annotated[
    Path | None, typer.Option(file_okay=False, help="Keeps finished pieces for the next time.")
]
LimitsFile = Annotated[
    Path | None,
    typer.Option("--limits", exists=True, dir_okay=False, help="Other limits, as JSON."),
]
Strict = Annotated[bool, typer.Option("--strict", help="A missing file is an error.")]
Size = Annotated[Quality, typer.Option("--profile", help="The size.")]
Json = Annotated[bool, typer.Option("--json", help="Report in lines of JSON.")]


def main() -> None:
    """Run the command; a storyboard may stand where a subcommand would."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] not in _COMMANDS:
        arguments.insert(0, "compose")
    app(arguments or ["--help"], prog_name="python -m render")


@app.command("compose")
def render(  # noqa: PLR0913  a command's options
    storyboard: StoryboardFile,
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="The MP4 to write.")],
    *,
    assets: AssetsFolder = None,
    cache: CacheFolder = None,
    cache_size: Annotated[
        int, typer.Option(min=1, help="MiB that the cache keeps at the most.")
    ] = DEFAULT_MAX_BYTES // _MEBIBYTE,
    poster: Annotated[Path | None, typer.Option(dir_okay=False, help="The JPEG to write.")] = None,
    quality: Size = Quality.FULL,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Segments side by side.")] = 2,
    limits_file: LimitsFile = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Render a storyboard (the word `compose` may be left out)."""
    with telling(json=json) as tell, working_folder(out) as (work, stopped):
        wanted = _read(storyboard, Storyboard, "storyboard")
        order = Order(
            storyboard=wanted,
            out=out,
            profiles=(profile_for(wanted.aspect_ratio, quality),),
            assets=assets,
            cache=cache,
            cache_bytes=cache_size * _MEBIBYTE,
            poster=poster,
            strict=strict,
            workers=workers,
            limits=_limits(limits_file),
        )

        def reached(stage: Stage, done: int, total: int) -> None:
            tell(ProgressLine(stage=stage, done=done, total=total))

        tell(Production(order, work=work, reached=reached, stopped=stopped).make())


@app.command()
def plan(  # noqa: PLR0913  a command's options
    storyboard: StoryboardFile,
    *,
    assets: AssetsFolder = None,
    cache: CacheFolder = None,
    quality: Size = Quality.FULL,
    limits_file: LimitsFile = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Show the segments of a storyboard: which would be encoded, and which there are."""
    with telling(json=json) as tell, TemporaryDirectory() as work:
        wanted = _read(storyboard, Storyboard, "storyboard")
        order = Order(
            storyboard=wanted,
            out=Path(work) / "video.mp4",
            profiles=(profile_for(wanted.aspect_ratio, quality),),
            assets=assets,
            cache=cache,
            strict=strict,
            limits=_limits(limits_file),
        )
        production = Production(order, work=Path(work), reached=_unheard, stopped=lambda: False)
        tell(PlanLine(segments=production.plan()))


@app.command()
def probe(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    json: Json = False,
) -> None:
    """Show what the headers of an MP4 say."""
    with telling(json=json):
        info = inspect(file)
        if json:
            print_json(info)
        else:
            for name, value in msgspec.to_builtins(info).items():
                sys.stdout.write(f"{name:>14}  {value}\n")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a storyboard."""
    print_json(msgspec.json.schema(Storyboard))


def _unheard(_stage: Stage, _done: int, _total: int) -> None:
    return


_Value = TypeVar("_Value", Storyboard, Limits)


def _limits(path: Path | None) -> Limits:
    return _read(path, Limits, "limits") if path else Limits()


def _read(path: Path, kind: type[_Value], name: str) -> _Value:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidStoryboard(f"The {name} cannot be read: {error}.") from error


if __name__ == "__main__":
    main()
