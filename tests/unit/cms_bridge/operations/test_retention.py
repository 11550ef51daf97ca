"""What may go of a video's renditions, and what of that goes by the rules: laws, without a row."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from cms_bridge.operations.retention import FILM, Made, Retention, Superseded, due, superseded

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)
VIDEO = UUID(int=1)


def kept(
    number: int, form: str = FILM, *, revision: int = 0, preview: bool = False, size: int = 1
) -> Made:
    return Made(
        id=UUID(int=number),
        video=VIDEO,
        number=number,
        form=form,
        preview=preview,
        revision=revision or number,
        bytes=size,
        made_at=NOW - 100 * DAY + number * DAY,
    )


def numbers(some: Sequence[Superseded]) -> list[int]:
    return [one.number for one in some]


def test_the_newest_film_stands_and_those_before_it_are_superseded() -> None:
    films = [kept(1), kept(2), kept(3)]
    gone = superseded("p", films)
    assert numbers(gone) == [1, 2]
    # Since the next one stood, not since they were made.
    assert [one.since for one in gone] == [films[1].made_at, films[2].made_at]


def test_an_export_stands_until_there_is_a_newer_one_of_its_form() -> None:
    tall, wide = "tall", "wide"
    of_first = [kept(1, revision=1), kept(2, tall, revision=1), kept(3, wide, revision=1)]
    of_second = [kept(4, revision=2), kept(5, tall, revision=2)]
    # The first film is what the wide one was made of, which stands.
    assert numbers(superseded("p", of_first + of_second)) == [2]
    assert numbers(superseded("p", [*of_first, *of_second, kept(6, wide, revision=2)])) == [1, 2, 3]


def test_a_preview_goes_with_the_film_that_it_shows() -> None:
    preview = kept(2, "small", revision=1, preview=True)
    assert superseded("p", [kept(1), preview]) == []
    assert numbers(superseded("p", [kept(1, revision=1), preview, kept(3)])) == [1, 2]


def test_by_default_everything_is_kept_for_ever() -> None:
    ages = superseded("p", [kept(number) for number in range(1, 50)])
    assert due(ages, Retention(), now=NOW + 10_000 * DAY) == []


def test_what_is_older_than_its_lifetime_goes() -> None:
    candidates = superseded("p", [kept(1), kept(2), kept(3), kept(4)])
    second = candidates[1].since
    assert numbers(due(candidates, Retention(lifetime=DAY), now=second + DAY)) == [1, 2]


def test_past_the_bound_the_oldest_go_first_and_no_more_than_must() -> None:
    candidates = superseded("p", [kept(number, size=10) for number in range(1, 6)])
    assert numbers(due(candidates, Retention(project_bytes=25), now=NOW)) == [1, 2]
    assert numbers(due(candidates, Retention(project_bytes=40), now=NOW)) == []
    assert numbers(due(candidates, Retention(project_bytes=0), now=NOW)) == [1, 2, 3, 4]


_FORMS = {"": False, "tall": False, "wide": False, "small": True}
_RULES = st.builds(
    Retention,
    lifetime=st.none() | st.timedeltas(min_value=timedelta(0), max_value=60 * DAY),
    project_bytes=st.none() | st.integers(0, 500),
)


@st.composite
def _videos(draw: st.DrawFn) -> list[list[Made]]:
    videos: list[list[Made]] = []
    for _ in range(draw(st.integers(1, 4))):
        video, revision, some = uuid4(), 0, list[Made]()
        forms = draw(st.lists(st.sampled_from(sorted(_FORMS)), max_size=12))
        # There is no export before there is a film.
        for number, form in enumerate(["", *forms], start=1):
            revision += form == FILM and draw(st.booleans())
            some.append(
                Made(
                    id=uuid4(),
                    video=video,
                    number=number,
                    form=form,
                    preview=_FORMS[form],
                    revision=revision,
                    bytes=draw(st.integers(1, 100)),
                    made_at=NOW - 90 * DAY + number * DAY,
                )
            )
        videos.append(some)
    return videos


@given(_videos(), _RULES)
def test_nothing_that_stands_or_is_referred_to_ever_goes(
    videos: list[list[Made]], rules: Retention
) -> None:
    candidates = [one for video in videos for one in superseded("p", video)]
    gone = {one.id for one in due(candidates, rules, now=NOW)}
    for video in videos:
        left = [one for one in video if one.id not in gone]
        films = [one for one in video if one.form == FILM]
        assert films[-1].id not in gone
        for form, preview in _FORMS.items():
            newest = max((one for one in video if one.form == form), key=_number, default=None)
            if newest and not (preview and newest.number < films[-1].number):
                assert newest.id not in gone, form
        for export in (one for one in left if one.form != FILM):
            stands = not any(
                other.number > export.number
                and (other.form == export.form or (export.preview and other.form == FILM))
                for other in video
            )
            if stands:
                of = [one for one in films if one.revision == export.revision]
                assert not {one.id for one in of} & gone


@given(_videos(), _RULES)
def test_what_is_left_of_the_superseded_keeps_to_the_rules(
    videos: list[list[Made]], rules: Retention
) -> None:
    candidates = [one for video in videos for one in superseded("p", video)]
    gone = due(candidates, rules, now=NOW)
    left = [one for one in candidates if one not in gone]
    if rules.project_bytes is not None:
        assert sum(one.bytes for one in left) <= rules.project_bytes
    if rules.lifetime is not None:
        assert all(one.since > NOW - rules.lifetime for one in left)
    # The oldest first: nothing that stays is older than anything that goes.
    assert not gone or not left or max(o.since for o in gone) <= min(o.since for o in left)


def _number(one: Made) -> int:
    return one.number
