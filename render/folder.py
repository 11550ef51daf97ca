"""An assets folder: which of its files belongs to which scene, and what it could be there.

A scene's file is called by the scene's id and a suffix that tells its kind, in capitals or
not; what it really holds is for whoever opens it to find out. Of several that could serve, the
first in the order of `SUFFIXES` does. Whatever else begins with a scene's id is told by its
name, since somebody may be waiting to see or hear it.
"""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import msgspec

from render.errors import MediaError
from render.storyboard import Role

_PICTURES = (
    ".png", ".jpg", ".jpeg", ".webp", ".avif", ".heic", ".heif", ".hif", ".gif", ".jfif", ".jpe",
)  # fmt: skip
_CLIPS = (".mp4", ".mov", ".webm", ".m4v", ".mkv")
_SOUNDS = (
    ".wav", ".flac", ".m4a", ".mp3", ".ogg", ".opus", ".aac", ".oga", ".weba", ".wave", ".m4b",
)  # fmt: skip
SUFFIXES: dict[Role, tuple[str, ...]] = {
    Role.PICTURE: _PICTURES,
    Role.CLIP: _CLIPS,
    Role.NARRATION: _SOUNDS,
    Role.MUSIC: _SOUNDS,
    Role.LOGO: _PICTURES,
}
"""What a file of each role may be called; what is lossless, or most exact, first."""
_OF_SCENES = (Role.PICTURE, Role.CLIP, Role.NARRATION)


class SceneFiles(msgspec.Struct, frozen=True, kw_only=True):
    """All in a folder that goes by the id of one scene."""

    usable: dict[Role, tuple[Path, ...]] = {}
    """What could serve, the best first."""
    other_types: tuple[str, ...] = ()
    """What has the scene's name and is of no type that is read, or no file."""
    other_names: tuple[str, ...] = ()
    """What begins with the scene's id and goes on."""
    longer_words: tuple[str, ...] = ()
    """What begins with a longer word, no other scene's: `scene12` of `scene1`."""

    def best(self, role: Role) -> Path | None:
        """Return the file that serves."""
        return next(iter(self.usable.get(role, ())), None)


class Folder:
    """The files of one folder, looked at once."""

    def __init__(self, path: Path | None, *, scenes: Iterable[str], shared: Iterable[str]) -> None:
        """Look through a folder, or through none.

        `scenes` are the ids there are, `shared` the names of files that belong to no scene.
        Raises `MediaError` where the folder cannot be read.
        """
        self._path = path
        self._names: tuple[str, ...] = ()
        if path is not None:
            try:
                self._names = tuple(sorted(place.name for place in path.iterdir()))
            except OSError as error:
                raise MediaError("The folder of assets could not be read.") from error
        scene_ids = frozenset(scenes)
        others = {fold_name(name) for name in shared}
        stems = {fold_name(Path(name).stem) for name in others}
        self._shared = [name for name in self._names if fold_name(Path(name).stem) in stems]
        self._of: dict[str, list[str]] = {}
        for name in self._names:
            owner = None if fold_name(name) in others else _owner(name, scene_ids)
            if owner is not None:
                self._of.setdefault(owner, []).append(name)

    def scene(self, scene: str) -> SceneFiles:
        """Return what goes by the id of a scene."""
        usable: dict[Role, list[Path]] = {}
        other_types: list[str] = []
        other_names: list[str] = []
        longer_words: list[str] = []
        for name in self._of.get(scene, ()):
            path = Path(name)
            roles = [role for role in _OF_SCENES if path.suffix.lower() in SUFFIXES[role]]
            if not _ends(scene, name):
                longer_words.append(name)
            elif path.stem != scene:
                other_names.append(name)
            elif roles and self._is_file(name):
                for role in roles:
                    usable.setdefault(role, []).append(self._at(name))
            else:
                other_types.append(name)
        return SceneFiles(
            usable={role: tuple(_rank(paths, role)) for role, paths in usable.items()},
            other_types=tuple(other_types),
            other_names=tuple(other_names),
            longer_words=tuple(longer_words),
        )

    def claimed(self) -> tuple[Path, ...]:
        """Return everything that goes by a scene's id or by the name of a shared file."""
        names = {name for names in self._of.values() for name in names}.union(self._shared)
        return tuple(map(self._at, sorted(names)))

    def shared(self, role: Role, name: str) -> tuple[Path | None, tuple[str, ...]]:
        """Return the file of something that the storyboard names, and what else is called so.

        Where there is none of that very name, one that differs by capitals or by how its accents
        are written serves, then one that differs by its type.
        """
        if name in self._names and self._is_file(name):
            return self._at(name), ()
        stem = fold_name(Path(name).stem)
        alike = [other for other in self._names if fold_name(Path(other).stem) == stem]
        files = [self._at(other) for other in alike if self._is_file(other)]
        same = [path for path in files if fold_name(path.name) == fold_name(name)]
        ranked = same or _rank(files, role)
        return (ranked[0] if ranked else None), tuple(alike)

    def _at(self, name: str) -> Path:
        return (self._path or Path()) / name

    def _is_file(self, name: str) -> bool:
        try:
            return self._at(name).is_file()
        except OSError:
            # A link to itself.
            return False


def fold_name(name: str) -> str:
    """Return what all spellings of a file's name have in common.

    Capitals or not, and an accent written with its letter or, as macOS has it, after it.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _rank(paths: Iterable[Path], role: Role) -> list[Path]:
    order = SUFFIXES[role]
    fitting = [path for path in paths if path.suffix.lower() in order]
    return sorted(
        fitting,
        key=lambda path: (order.index(path.suffix.lower()), not path.suffix.islower(), path.name),
    )


def _owner(name: str, scenes: frozenset[str]) -> str | None:
    """Return the scene whose id a name begins with; of several a whole word, then the longest."""
    stem = name.partition(".")[0]
    if stem in scenes:
        return stem
    plain = name.casefold()
    begun = [scene for scene in scenes if plain.startswith(scene.casefold())]
    return max(
        begun,
        key=lambda scene: (_ends(scene, name), len(scene), name.startswith(scene)),
        default=None,
    )


def _ends(scene: str, name: str) -> bool:
    """Return whether a name's first word ends with the id: `scene12` does not go by `scene1`."""
    following = name[len(scene) : len(scene) + 1]
    return not (
        (scene[-1].isdecimal() and following.isdecimal())
        or (scene[-1].isalpha() and following.isalpha())
    )
