"""Where more daemons stop helping: the page is what its simulation says, of daemons as they are."""

import pytest

from benchmarks import scale
from benchmarks.scale import FILMS, Film
from daemon import listener, worker
from daemon.settings import DaemonSettings
from tests.support.services import NEEDED


def test_the_page_is_what_the_simulation_says() -> None:
    told = scale.DOCUMENT.read_text()
    assert told == scale.document(), "run `python -m benchmarks.scale`"


def test_what_is_said_of_daemons_is_what_they_do() -> None:
    settings = DaemonSettings.model_validate(NEEDED)
    assert scale.WAKE.value == listener._POLL_SECONDS
    assert settings.heartbeat_seconds == scale._HEARTBEAT
    assert settings.sweep_seconds == scale._SWEEP
    assert scale._PRESENCE == worker._PRESENCE_SECONDS
    assert settings.concurrent_jobs + settings.concurrent_renders == scale._IN_HAND
    assert f"({settings.fan_out_daemons})" in scale.document()


@pytest.mark.parametrize("film", FILMS, ids=lambda film: f"{film.seconds:g} s")
def test_no_help_makes_a_film_slower_or_faster_than_what_is_done_alone(film: Film) -> None:
    times = [scale.mean_of(film, daemons=daemons) for daemons in (1, 2, 9, 1_000)]
    assert times == sorted(times, reverse=True)
    alone = film.seconds * scale.JOIN.value
    assert times[-1] > alone
    # Nobody is helped more than by as many as there are.
    assert times[0] / times[1] < 2


def test_the_same_seed_says_the_same() -> None:
    film = FILMS[0]
    assert scale.mean_of(film, daemons=5) == scale.mean_of(film, daemons=5)
    assert film.segments == 39


def test_the_database_has_the_same_work_by_every_daemon() -> None:
    one, many = scale.load_of(1), scale.load_of(1_000)
    assert many.commits == pytest.approx(1_000 * one.commits)
    assert many.cores == pytest.approx(1_000 * one.cores)
    assert scale.load_of(scale.most_daemons()[0]).share_of_commits <= 1
