"""Assets folders as people fill them: what is taken, and that nothing is passed over in silence."""

import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.errors import MediaError
from render.folder import SUFFIXES, Folder, SceneFiles
from render.storyboard import Role


def looked(folder: Path, *scenes: str, shared: tuple[str, ...] = ()) -> dict[str, SceneFiles]:
    found = Folder(folder, scenes=scenes, shared=shared)
    return {scene: found.scene(scene) for scene in scenes}


def holding(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).touch()
    return folder


def usable(files: SceneFiles) -> dict[Role, list[str]]:
    return {role: [path.name for path in paths] for role, paths in files.usable.items()}


@pytest.mark.parametrize("role", [Role.PICTURE, Role.CLIP, Role.NARRATION])
def test_every_suffix_is_seen_in_capitals_or_not(tmp_path: Path, role: Role) -> None:
    for suffix in SUFFIXES[role]:
        for spelt in (suffix, suffix.upper(), suffix.title()):
            folder = tmp_path / spelt
            folder.mkdir(exist_ok=True)
            holding(folder, f"scene1{spelt}")
            files = looked(folder, "scene1")["scene1"]
            assert usable(files) == {role: [f"scene1{spelt}"]}
            assert files.best(role) == folder / f"scene1{spelt}"


def test_an_id_that_begins_another_is_not_taken_for_it(tmp_path: Path) -> None:
    holding(
        tmp_path, "scene1.png", "scene10.png", "scene1-b.png", "scene10.wav", "scene12.png", "s.png"
    )
    files = looked(tmp_path, "scene1", "scene10", "scene1-b", "scene")
    assert usable(files["scene1"]) == {Role.PICTURE: ["scene1.png"]}
    assert usable(files["scene10"]) == {
        Role.PICTURE: ["scene10.png"],
        Role.NARRATION: ["scene10.wav"],
    }
    assert usable(files["scene1-b"]) == {Role.PICTURE: ["scene1-b.png"]}
    assert all(not files[scene].other_names for scene in ("scene1", "scene10", "scene1-b"))
    assert files["scene"].other_names == ("scene12.png",), "no scene 12, but one called so far"


def test_what_goes_on_after_the_id_is_told(tmp_path: Path) -> None:
    names = (
        "scene1 (1).png", "scene1-final.wav", "scene1.final.png", "scene1_old.mp4", "scene1b.png",
        "Scene1.png",
    )  # fmt: skip
    holding(tmp_path, *names, "scene12.png", "scenery.png")
    files = looked(tmp_path, "scene1")["scene1"]
    assert set(files.other_names) == set(names)
    assert files.longer_words == ("scene12.png",)
    assert not files.usable
    assert not files.other_types


def test_what_is_of_no_type_that_is_read_is_told(tmp_path: Path) -> None:
    holding(tmp_path, "scene1.txt", "scene1.psd", "scene1.aiff", "scene1")
    (tmp_path / "scene1.png").mkdir()
    (tmp_path / "scene1.jpg").symlink_to("scene1.jpg")
    files = looked(tmp_path, "scene1")["scene1"]
    assert set(files.other_types) == {
        "scene1", "scene1.txt", "scene1.psd", "scene1.aiff", "scene1.png", "scene1.jpg"
    }  # fmt: skip
    assert not files.usable


def test_of_several_the_first_in_the_order_serves(tmp_path: Path) -> None:
    holding(tmp_path, "a.jpg", "a.PNG", "a.heic", "a.mp3", "a.WAV", "a.wav")
    files = looked(tmp_path, "a")["a"]
    assert usable(files) == {
        Role.PICTURE: ["a.PNG", "a.jpg", "a.heic"],
        Role.NARRATION: ["a.wav", "a.WAV", "a.mp3"],
    }


def test_music_and_logo_belong_to_no_scene(tmp_path: Path) -> None:
    holding(tmp_path, "a-bed.mp3", "a.png", "a_logo.png")
    files = looked(tmp_path, "a", shared=("a-bed.mp3", "a_logo.png"))["a"]
    assert files.other_names == ()


@pytest.mark.parametrize(
    ("there", "used"),
    [
        (("bed.mp3", "bed.flac"), "bed.mp3"),
        (("BED.MP3",), "BED.MP3"),
        (("be\u0301d.mp3",), None),
        (("bed.ogg", "bed.M4A", "bed.mid"), "bed.M4A"),
        (("bed.mid",), None),
        (("bedroom.mp3",), None),
        ((), None),
    ],
)
def test_what_the_storyboard_names_is_found_by_name_then_by_type(
    tmp_path: Path, there: tuple[str, ...], used: str | None
) -> None:
    holding(tmp_path, *there)
    path, _ = Folder(tmp_path, scenes=("a",), shared=("bed.mp3",)).shared(Role.MUSIC, "bed.mp3")
    assert (path and path.name) == used


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_accent_is_one_however_it_is_written(
    tmp_path: Path, form: Literal["NFC", "NFD"]
) -> None:
    asked = "a-Prélude.mp3"
    holding(tmp_path, there := unicodedata.normalize(form, asked))
    other = unicodedata.normalize("NFC" if form == "NFD" else "NFD", asked)
    folder = Folder(tmp_path, scenes=("a",), shared=(other,))
    path, _ = folder.shared(Role.MUSIC, other)
    assert (path and path.name) == there
    assert folder.scene("a").other_names == ()


def test_no_folder_holds_nothing() -> None:
    folder = Folder(None, scenes=("a",), shared=())
    assert folder.scene("a") == SceneFiles()
    assert folder.shared(Role.LOGO, "logo.png") == (None, ())


def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="folder of assets could not be read"):
        Folder(tmp_path / "none", scenes=("a",), shared=())


IDS = st.text("ab1-_", min_size=1, max_size=4)
NAMES = st.builds(
    lambda stem, more, suffix: stem + more + suffix,
    IDS,
    st.sampled_from(["", "-x", " 2", ".x"]),
    st.sampled_from([".png", ".PNG", ".mp4", ".mp3", ".txt", ""]),
)


@given(st.sets(IDS, min_size=1, max_size=5), st.sets(NAMES, max_size=8))
def test_every_file_is_at_most_one_scenes_and_none_that_begins_with_an_id_is_lost(
    tmp_path_factory: pytest.TempPathFactory, scenes: set[str], names: set[str]
) -> None:
    folder = holding(tmp_path_factory.mktemp("folder"), *names)
    told: list[str] = []
    for files in looked(folder, *sorted(scenes)).values():
        mine = {path.name for paths in files.usable.values() for path in paths}
        told += [*mine, *files.other_types, *files.other_names]
    assert len(told) == len(set(told))
    for name in names:
        stem = name.partition(".")[0]
        words = {
            stem,
            *(stem[: len(scene)] for scene in scenes if stem[len(scene) :][:1] in {"-", " ", "_"}),
        }
        if words & scenes:
            assert name in told
