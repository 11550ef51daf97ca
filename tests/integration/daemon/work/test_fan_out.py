"""One film, several daemons: segments are claimed, and what comes of it is what one would make."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import anyio
import msgspec
import pytest

from cms_bridge.assets import WHOLE, AssetRecord, Metadata, StoredMedium
from cms_bridge.database import connected
from cms_bridge.records import Output
from cms_bridge.storage import claims
from cms_bridge.storage.base import object_key
from cms_bridge.storage.claims import Claim
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import Piece
from daemon.settings import DaemonSettings
from daemon.work.claiming import Share
from daemon.work.engine import encode_segments, run_engine
from daemon.work.helping import Helpers, Invitation
from daemon.work.pieces import open_pieces
from daemon.work.services import Services
from daemon.work.workspace import cache_directory
from render.cache import Turn
from render.generation.base import Kind
from render.rendition import Rendition
from render.storyboard import Limits, Logo, Motion, Scene, Storyboard
from tests.support.films import draw_picture
from tests.support.services import NEEDED

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

FILM = Storyboard(
    title="Four pictures",
    scenes=tuple(
        Scene(id=f"s{number}", duration=1.5, motion=Motion.ZOOM_IN) for number in range(4)
    ),
)


JOB = uuid4()


async def nobody(_: float) -> None:
    return


class Told(Share):
    """A share that notes what it was told to make, and what it took from others."""

    turns: dict[str, Turn]

    async def claim(self, name: str) -> Turn:
        turn = await super().claim(name)
        self.__dict__.setdefault("turns", {})[name] = turn
        return turn

    @property
    def made(self) -> set[str]:
        return {name for name, turn in self.turns.items() if turn is Turn.MINE}


class Machines:
    """Daemons that have nothing in common but a database and a store."""

    def __init__(self, folder: Path, stack: AsyncExitStack, store: LocalStore) -> None:
        self._folder, self._stack, self._store = folder, stack, store
        for number, scene in enumerate(FILM.scenes):
            (folder / "assets").mkdir(exist_ok=True)
            draw_picture(folder / "assets" / f"{scene.id}.png", seed=number)
        (folder / "board.json").write_bytes(msgspec.json.encode(FILM))

    @property
    def store(self) -> LocalStore:
        return self._store

    async def kept(self, scene: str, kind: Kind, suffix: str, media_type: str) -> AssetRecord:
        """Store some bytes as a scene's."""
        content = f"{scene} {suffix}".encode()
        key = object_key(project="p1", sha256=hashlib.sha256(content).hexdigest(), extension=suffix)
        file = self._folder / f"kept.{suffix}"
        file.write_bytes(content)
        await self._store.put(key, file, media_type=media_type)
        return AssetRecord(
            id=uuid4(),
            job=JOB,
            scene_id=scene,
            kind=kind,
            request_digest="d" * 64,
            medium=StoredMedium(
                key=key,
                media_type=media_type,
                bytes=len(content),
                provider="",
                model_intended="",
                model_used="",
                cost=Decimal(0),
                metadata=Metadata(
                    attempt=1, calls=0, seconds=0, latency=0, warnings=(), video_id="v", version="1"
                ),
            ),
            created_at=datetime.now(UTC),
        )

    async def share(self, name: str, kind: type[Told] = Told, **others: object) -> Told:
        settings = DaemonSettings.model_validate(
            {**NEEDED, "work_directory": self._folder / name, "shared_cache_mebibytes": 100}
        )
        (self._folder / name).mkdir()
        pieces = await self._stack.enter_async_context(open_pieces(settings, self._store))
        assert pieces
        return kind(pieces, **others)  # type: ignore[arg-type]

    async def finish(self, name: str, share: Share | None) -> Rendition:
        """Make the whole film, as whoever holds its job does."""
        asked = [*self._arguments(name), "--out", str(self._folder / f"{name}.mp4"), "--no-sign"]
        claim = ["--claim"] if share else []
        line = await run_engine(
            [str(self._folder / "board.json"), *asked, *claim],
            on_progress=nobody,
            stderr_file=self._folder / f"{name}.log",
            pieces=share,
        )
        return line.rendition

    async def help(self, name: str, share: Share, wanted: list[str]) -> int:
        """Make what is left of the film."""
        (self._folder / "wanted.json").write_bytes(msgspec.json.encode(wanted))
        board, names = (str(self._folder / one) for one in ("board.json", "wanted.json"))
        line = await encode_segments(
            [board, names, *self._arguments(name)],
            stderr_file=self._folder / f"{name}.log",
            pieces=share,
        )
        return line.encoded

    def _arguments(self, name: str) -> list[str]:
        cache = cache_directory(self._folder / name)
        cache.mkdir(parents=True, exist_ok=True)
        assets = str(self._folder / "assets")
        return ["--assets", assets, "--cache", str(cache), "--profile", "preview"]


@pytest.fixture
async def machines(tmp_path: Path, migrated_sqlite_url: str) -> AsyncIterator[Machines]:
    async with (
        connected(migrated_sqlite_url),
        LocalStore(tmp_path / "objects", base_url="http://unused", secret="s" * 32) as store,
        AsyncExitStack() as stack,
    ):
        yield Machines(tmp_path, stack, store)


async def test_two_make_the_film_that_one_makes_and_nothing_twice(machines: Machines) -> None:
    alone = await machines.finish("alone", None)
    helped = anyio.Event()

    class Helper(Told):
        async def claim(self, name: str) -> Turn:
            turn = await super().claim(name)
            if len(self.turns) > 1:
                helped.set()
            return turn

    class Holder(Told):
        async def claim(self, name: str) -> Turn:
            await helped.wait()  # so that there is something to be taken from the other
            return await super().claim(name)

    async def still_wanted() -> bool:
        return True

    helper = await machines.share("helper", Helper, go_on=still_wanted)
    async with anyio.create_task_group() as group:

        async def begin(wanted: object) -> None:
            if len(names := list(wanted)) > 1:  # type: ignore[call-overload]
                group.start_soon(machines.help, "helper", helper, names)

        holder = await machines.share("holder", Holder, on_missing=begin)
        async with holder.kept_alive(), helper.kept_alive():
            film = await machines.finish("holder", holder)
    assert film.sha256 == alone.sha256
    segments = {f"{digest}.mp4" for digest in film.segments}
    assert helper.made
    assert holder.made | helper.made == segments
    assert not holder.made & helper.made
    assert {holder.turns[name] for name in helper.made} == {Turn.HERE}


async def test_whoever_dies_loses_a_segment_and_not_the_film(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LASTS", 1.5)
    alone = await machines.finish("alone", None)
    dead = f"{alone.segments[2]}.mp4"
    assert await claims.claim(dead)
    # By a clock that is an hour ahead.
    await Piece.update({Piece.used_at: datetime.now(UTC) + timedelta(hours=1)}).where(
        Piece.name == dead
    )
    holder = await machines.share("holder")
    async with holder.kept_alive():
        film = await machines.finish("holder", holder)
    assert film.sha256 == alone.sha256
    assert dead in holder.made


async def test_whoever_takes_a_job_over_need_not_wait_for_what_was_claimed_for_it(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LASTS", 900)
    alone = await machines.finish("alone", None)
    of_this_job, of_another, of_a_helper = (f"{digest}.mp4" for digest in alone.segments[:3])
    holder = await machines.share("holder", finishes=str(JOB))
    begun = await claims.claim(of_this_job, finishes=str(JOB))
    assert begun
    assert await claims.claim(of_another, finishes=str(uuid4()))
    assert await claims.claim(of_a_helper)
    asked = (of_this_job, of_another, of_a_helper)
    assert [await holder.claim(one) for one in asked] == [Turn.MINE, Turn.TAKEN, Turn.TAKEN]
    # Whoever was thought dead learns of it, should he live.
    assert await claims.renew(begun, finishes=str(JOB)) is None


async def test_a_helper_that_is_not_wanted_any_more_makes_nothing(machines: Machines) -> None:
    alone = await machines.finish("alone", None)

    async def over() -> bool:
        return False

    helper = await machines.share("helper", go_on=over)
    names = [f"{digest}.mp4" for digest in alone.segments]
    assert await machines.help("helper", helper, names) == 0
    assert await Piece.count() == 0


@pytest.mark.usefixtures("database")
async def test_a_claim_has_one_holder_and_whoever_lost_it_learns_so() -> None:
    won: list[Claim | None] = []

    async def claim() -> None:
        won.append(await claims.claim("a.mp4"))

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(claim)
    (first,) = filter(None, won)
    renewed = await claims.renew(first)
    assert renewed
    # Of two that saw it lapse, one takes it over.
    taken = [await claims.renew(renewed), await claims.renew(renewed)]
    assert [one is None for one in taken] == [False, True]
    assert await claims.renew(first) is None
    await claims.release([first, renewed])
    assert await claims.standing("a.mp4")
    await claims.release([one for one in taken if one])
    assert await claims.standing("a.mp4") is None


async def test_whoever_helps_has_what_people_brought_by_its_own_type_and_no_music(
    machines: Machines, tmp_path: Path
) -> None:
    """What people bring is of more types than what models make: those have a table, and it none."""
    services = SimpleNamespace(
        settings=SimpleNamespace(concurrent_uploads=2, work_directory=tmp_path / "helper"),
        store=machines.store,
    )
    brought = await machines.kept("s0", Kind.PICTURE, "heic", "image/heic")
    made = await machines.kept("s1", Kind.NARRATION, "wav", "audio/wav")
    music = await machines.kept(WHOLE, Kind.MUSIC, "mp3", "audio/mpeg")
    logo = await machines.kept(WHOLE, Kind.PICTURE, "webp", "image/webp")
    invitation = Invitation(
        job=brought.job,
        attempt=1,
        host="another",
        storyboard=msgspec.structs.replace(FILM, logo=Logo(file="own.logo.webp")),
        logo=logo.medium.key,
        limits=Limits(),
        output=Output(),
        quality="standard",
        records=(brought, made, music),
        wanted=(),
    )
    await Helpers(cast("Services", services))._lay_out(invitation, tmp_path / "help")
    laid = sorted(path.name for path in (tmp_path / "help" / "assets").iterdir())
    assert laid == ["own.logo.webp", "s0.heic", "s1.wav"]
