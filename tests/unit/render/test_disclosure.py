"""The label that says a film was made with AI: its words, its corner, what it keeps clear of."""

from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from render.disclosure import LABELS, label_corner, label_text
from render.generation.requests import (
    clip_request,
    image_request,
    music_request,
    request_digest,
    speech_request,
)
from render.languages import reads_leftwards
from render.pictures.canvas import Canvas
from render.placing import build
from render.rendition import Profile, Quality, profile_for
from render.storyboard import (
    AspectRatio,
    CaptionStyle,
    Corner,
    Logo,
    Motion,
    Music,
    Scene,
    Solid,
    Storyboard,
    TextStyle,
)
from render.timeline import LabelOverlay, SceneMedia
from render.words.typesetting import missing_glyphs, typeset_label
from render.words.zones import SAFE, Zone, label_zone, logo_place, logo_room, zone_of

PROFILES = [profile_for(shape, Quality.HD) for shape in AspectRatio]
UPPER = (Corner.TOP_LEFT, Corner.TOP_RIGHT)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "Made with AI"),
        ("en-GB", "Made with AI"),
        ("de-AT", "Mit KI erstellt"),
        ("fr", "Créé avec l’IA"),
        ("es-419", "Creado con IA"),
        ("ar", "صُنع بالذكاء الاصطناعي"),
        ("no", "Laget med KI"),
        ("zh-CN", "由AI制作"),
        ("zh_Hant_TW", "由AI製作"),
        ("zh-HK", "由AI製作"),
        ("mt", "Made with AI"),
    ],
)
def test_it_is_in_the_films_language_or_else_in_english(locale: str, text: str) -> None:
    assert label_text(locale) == text


def test_words_run_the_way_their_letters_do() -> None:
    assert {tag for tag, text in LABELS.items() if reads_leftwards(text)} == {"ar", "fa", "he"}


def test_there_are_glyphs_for_all_of_it() -> None:
    assert missing_glyphs("".join(LABELS.values())) == ""


@pytest.mark.parametrize(
    ("corner", "free"),
    [
        (None, Corner.TOP_RIGHT),
        (Corner.TOP_RIGHT, Corner.TOP_LEFT),
        (Corner.BOTTOM_RIGHT, Corner.TOP_LEFT),
        (Corner.TOP_LEFT, Corner.TOP_RIGHT),
        (Corner.BOTTOM_LEFT, Corner.TOP_RIGHT),
    ],
)
def test_it_has_the_upper_corner_that_the_logo_leaves(corner: Corner | None, free: Corner) -> None:
    assert label_corner(Logo(file="l.png", corner=corner) if corner else None) is free


def test_it_stands_in_a_film_that_asks_for_it_and_in_no_other() -> None:
    scene = Scene(id="a", background=Solid(colour="#204060"))
    plain = Storyboard(title="T", scenes=(scene,), locale="de")
    asked = Storyboard(title="T", scenes=(scene,), locale="de", disclosure=True)
    assert build(plain, {"a": SceneMedia()}).label is None
    label = LabelOverlay(text="Mit KI erstellt", corner=Corner.TOP_RIGHT)
    assert build(asked, {"a": SceneMedia()}).label == label


def test_a_logo_that_is_missing_leaves_the_label_where_the_storyboard_has_it() -> None:
    scene = Scene(id="a", background=Solid(colour="#204060"))
    board = Storyboard(title="T", scenes=(scene,), disclosure=True, logo=Logo(file="l.png"))
    with_it = build(board, {"a": SceneMedia()}, logo=Path("l.png")).label
    assert with_it == build(board, {"a": SceneMedia()}).label


def test_no_model_is_asked_anything_else_for_it() -> None:
    scene = Scene(id="a", narration="Bread.", picture_prompt="A loaf.", motion=Motion.GENERATED)
    music = Music(prompt="A guitar")
    plain, asked = (
        Storyboard(title="T", scenes=(scene,), music=music, disclosure=disclosure)
        for disclosure in (False, True)
    )
    for request in (
        lambda board: image_request(board, scene),
        lambda board: speech_request(board, scene),
        lambda board: clip_request(board, scene, seconds=5),
        lambda board: music_request(board, seconds=30),
    ):
        assert request_digest(request(plain)) == request_digest(request(asked))


def meet(one: Zone, other: Zone) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_its_zone_meets_no_other_and_lies_inside_the_safe_area(profile: Profile) -> None:
    styles = (TextStyle.TITLE, TextStyle.LOWER_THIRD, CaptionStyle.BOX)
    for corner in Corner:
        zone = label_zone(label_corner(Logo(file="l.png", corner=corner)), profile)
        room = logo_room(share=0.5, profile=profile)
        left, top = logo_place(room, corner=corner, profile=profile)
        others = [zone_of(style, profile) for style in styles]
        others.append(Zone(left=left, top=top, width=room[0], height=room[1]))
        assert not any(meet(zone, other) for other in others)
        assert zone.left >= round(profile.width * SAFE)
        assert zone.left + zone.width <= profile.width - round(profile.width * SAFE)
        head = 0.14 if profile.height > profile.width else SAFE
        assert zone.top == round(profile.height * head)


NARROWEST = PROFILES[-1]
"""Where there is the least room beside a logo, above a title."""


@pytest.mark.parametrize(
    ("profile", "corner", "locale"),
    [
        *product(PROFILES, UPPER, ("en", "ar", "ja")),
        *product([NARROWEST], UPPER[:1], LABELS),
    ],
    ids=lambda given: given.name if isinstance(given, Profile) else str(given),
)
def test_it_is_painted_legibly_against_its_corner_in_every_language(
    profile: Profile, corner: Corner, locale: str
) -> None:
    zone = label_zone(corner, profile)
    for ground in (16, 235):
        canvas = Canvas(profile)
        canvas.y[:], canvas.u[:], canvas.v[:] = ground, 128, 128
        label = LabelOverlay(text=LABELS[locale], corner=corner)
        typeset_label(label, profile, locale=locale).paint(canvas)
        x, y, wide, high = cv2.boundingRect(
            (np.abs(canvas.y.astype(int) - ground) > 3).astype("u1")
        )
        if ground == 235:  # on black, its dark box is not seen
            assert y == pytest.approx(zone.top, abs=2)
            edge, end = (x, zone.left) if "left" in corner else (x + wide, zone.left + zone.width)
            assert edge == pytest.approx(end, abs=2)
        assert zone.left - 2 <= x
        assert x + wide <= zone.left + zone.width + 2
        assert y + high <= zone.top + zone.height + 2
        inside = canvas.y[y : y + high, x : x + wide]
        assert inside.max() - np.percentile(inside, 25) > 120, "white letters on a dark box"
