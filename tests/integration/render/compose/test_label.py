"""The label in a film that was really encoded: there from the first frame to the last, or not."""

import subprocess
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from render.rendition import Quality, profile_for
from render.signing.provenance import read
from render.storyboard import AspectRatio, Corner, Scene, Solid, Storyboard, Transition
from render.words.zones import label_zone
from tests.support.engine import COMMAND, make, run

GREEN = Solid(colour="#33aa55")
BOARD = Storyboard(
    title="A field",
    scenes=(
        Scene(id="a", background=GREEN, duration=0.5, transition=Transition.CROSSFADE),
        Scene(id="b", background=GREEN, duration=0.5),
    ),
)
PROFILE = profile_for(AspectRatio.PORTRAIT, Quality.PREVIEW)


def seen(folder: Path, *, disclosure: bool) -> np.ndarray:
    """Return the luma of every frame."""
    folder.mkdir()
    board = Storyboard(title=BOARD.title, scenes=BOARD.scenes, disclosure=disclosure, locale="ar")
    made = make(board, folder, profiles=(PROFILE,))
    with av.open(made.rendition.path) as film:
        return np.stack(
            [frame.to_ndarray()[: PROFILE.height] for frame in film.decode(film.streams.video[0])]
        )


@pytest.fixture(scope="module")
def difference(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """How far a film with a label is from the same without, frame by frame."""
    folder = tmp_path_factory.mktemp("label")
    labelled = seen(folder / "with", disclosure=True)
    plain = seen(folder / "without", disclosure=False)
    assert plain.std() < 2
    return np.abs(labelled.astype(int) - plain.astype(int))


def test_it_is_in_every_frame_in_white_on_dark(difference: np.ndarray) -> None:
    zone = label_zone(Corner.TOP_RIGHT, PROFILE)
    here = difference[
        :, zone.top : zone.top + zone.height, zone.left : zone.left + zone.width
    ].reshape(len(difference), -1)
    assert len(difference) > 20
    assert ((here > 40).sum(axis=1) > 800).all()


def test_nothing_else_of_the_picture_is_touched(difference: np.ndarray) -> None:
    zone = label_zone(Corner.TOP_RIGHT, PROFILE)
    rest = difference.copy()
    # A macroblock and what its edges are smoothed with.
    rest[
        :,
        zone.top - 20 : zone.top + zone.height + 20,
        zone.left - 20 : zone.left + zone.width + 20,
    ] = 0
    assert rest.max() < 12


def test_the_command_films_it_and_the_manifest_tells_what_it_says(tmp_path: Path) -> None:
    board = msgspec.structs.replace(BOARD, disclosure=True, locale="fr")
    (tmp_path / "board.json").write_bytes(msgspec.json.encode(board))
    film = tmp_path / "film.mp4"
    status, _ = run(tmp_path / "board.json", "-o", film, "--cache", tmp_path / "cache")
    assert status == 0
    assert read(film).label == "Créé avec l’IA"
    shown = subprocess.run([*COMMAND, "probe", film], capture_output=True, check=True, timeout=60)
    assert "Créé avec l’IA" in shown.stdout.decode()
