"""Content Credentials: signed into real files, read back, and telling of every altered byte."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import c2pa
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, rsa

from render.errors import CompositionError, MediaError
from render.inspection.probe import inspect
from render.signing.credentials import Credentials, development
from render.signing.provenance import Standing, read, sign
from render.source import Credit, Source
from render.storyboard import Ingredient, Role, Scene, Storyboard

PICTURE = Ingredient(
    role=Role.PICTURE,
    provider="gemini",
    model="an-image-model",
    request_digest="ab" * 32,
    document="videos/42",
    field="scenes.0.prompt",
    version="7",
)
VOICE = Ingredient(role=Role.NARRATION, provider="offline", model="espeak-ng")
WORDS = Ingredient(role=Role.TEXT, document="videos/42", field="script", version="7")
STOPGAP = Ingredient(role=Role.PICTURE, provider="offline", model="card-3", source=Source.RULE)
PHOTOGRAPH = Ingredient(
    role=Role.PICTURE,
    provider="stock",
    model="harbour.jpg",
    source=Source.STOCK,
    credit=Credit(author="2024 Ann Example", licence="CC-BY-4.0"),
)
CAPTURE = msgspec.structs.replace(
    PHOTOGRAPH, credit=Credit(author="Ben", digital_source_type="digitalCapture")
)
OWN = Ingredient(role=Role.MUSIC, source=Source.UPLOAD, document="media/9")

STORYBOARD = Storyboard(
    title="Wie ein Film entsteht – 1",
    scenes=(
        Scene(id="one", ingredients=(PICTURE, VOICE)),
        Scene(id="two", ingredients=(STOPGAP,)),
        Scene(id="three", ingredients=(PHOTOGRAPH,)),
        Scene(id="four", ingredients=(CAPTURE,)),
    ),
    ingredients=(WORDS, OWN),
)


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return development(tmp_path_factory.mktemp("cache") / "credentials")


@pytest.fixture(scope="module")
def signed(video: Path, credentials: Credentials, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("signed") / "video.mp4"
    sign(video, place, storyboard=STORYBOARD, certificate=credentials)
    return place


def test_every_ingredient_is_read_back_as_the_storyboard_had_it(signed: Path) -> None:
    told = read(signed)
    assert told.title == STORYBOARD.title
    assert told.storyboard == STORYBOARD.digest
    assert told.generator.startswith("Reelwright ")
    assert [(origin.scene, origin.number, origin.ingredient) for origin in told.origins] == [
        ("", 0, WORDS),
        ("", 0, OWN),
        ("one", 1, PICTURE),
        ("one", 1, VOICE),
        ("two", 2, STOPGAP),
        ("three", 3, PHOTOGRAPH),
        ("four", 4, CAPTURE),
    ]


def test_the_label_in_the_picture_is_told_and_none_where_there_is_none(
    video: Path, signed: Path, credentials: Credentials, tmp_path: Path
) -> None:
    labelled = msgspec.structs.replace(STORYBOARD, disclosure=True, locale="de")
    sign(video, tmp_path / "labelled.mp4", storyboard=labelled, certificate=credentials)
    assert read(tmp_path / "labelled.mp4").label == "Mit KI erstellt"
    assert read(signed).label == ""


def test_a_signer_nobody_knows_is_valid_and_one_vouched_for_is_trusted(
    signed: Path, credentials: Credentials
) -> None:
    stranger = read(signed)
    known = read(signed, anchors=credentials.certificate)
    assert (stranger.standing, stranger.faults) == (Standing.VALID, ())
    assert (known.standing, known.faults) == (Standing.TRUSTED, ())
    assert known.signer == "Reelwright development"


def test_what_was_signed_stays_good_when_the_pair_is_replaced(video: Path, tmp_path: Path) -> None:
    pairs = {name: development(tmp_path / name) for name in ("old", "new")}
    anchors = {}
    for name, pair in pairs.items():
        sign(video, tmp_path / f"{name}.mp4", storyboard=STORYBOARD, certificate=pair)
        anchors[name] = tmp_path / f"{name}.anchor.pem"
        anchors[name].write_bytes(pair.certificate.read_bytes())
    for file in (pairs["old"].certificate, pairs["old"].key):
        file.unlink()
    for film, anchor, standing in (
        ("old", "old", Standing.TRUSTED),
        ("new", "new", Standing.TRUSTED),
        ("old", "new", Standing.VALID),
    ):
        told = read(tmp_path / f"{film}.mp4", anchors=anchors[anchor])
        assert told.standing is standing


def test_other_readers_of_c2pa_see_how_each_part_came_to_be(signed: Path) -> None:
    with c2pa.Reader(str(signed)) as reader:
        manifest = reader.get_active_manifest()
    (actions,) = (
        made["data"]["actions"]
        for made in manifest["assertions"]
        if made["label"] == "c2pa.actions.v2"
    )
    assert [
        (action["action"], action.get("digitalSourceType", "").rpartition("/")[2])
        for action in actions
    ] == [
        ("c2pa.created", "compositeWithTrainedAlgorithmicMedia"),
        ("c2pa.placed", "digitalCreation"),
        ("c2pa.placed", ""),  # people brought it: nobody here knows how it came about
        ("c2pa.placed", "trainedAlgorithmicMedia"),
        ("c2pa.placed", "algorithmicMedia"),
        ("c2pa.placed", "algorithmicMedia"),
        ("c2pa.placed", ""),
        ("c2pa.placed", "digitalCapture"),
    ]
    agents = [action.get("softwareAgent", {}).get("name") for action in actions]
    assert agents[1:] == [None, None, "an-image-model", "espeak-ng", "card-3", None, None]
    assert [ingredient["title"] for ingredient in manifest["ingredients"]] == [
        "Video: text",
        "Video: music",
        "Scene 1: picture",
        "Scene 1: narration",
        "Scene 2: picture",
        "Scene 3: picture",
        "Scene 4: picture",
    ]
    described = [ingredient["description"] for ingredient in manifest["ingredients"]]
    assert ["placeholder" in said for said in described] == [False] * 3 + [True] * 4
    assert described[5] == "A placeholder; stock, harbour.jpg, by 2024 Ann Example, CC-BY-4.0"


def test_a_video_without_any_model_is_not_said_to_hold_one(
    video: Path, credentials: Credentials, tmp_path: Path
) -> None:
    made_by_people = Storyboard(title="Ours", scenes=(Scene(id="one", ingredients=(WORDS,)),))
    place = tmp_path / "video.mp4"
    sign(video, place, storyboard=made_by_people, certificate=credentials)
    with c2pa.Reader(str(place)) as reader:
        assert "trainedAlgorithmicMedia" not in reader.json()


@pytest.mark.parametrize(("told", "trained"), [("", False), ("trainedAlgorithmicMedia", True)])
def test_a_stock_picture_is_a_models_only_where_its_own_file_says_so(
    video: Path, credentials: Credentials, tmp_path: Path, told: str, trained: bool
) -> None:
    bought = msgspec.structs.replace(PHOTOGRAPH, credit=Credit(digital_source_type=told))
    only = Storyboard(title="Stock", scenes=(Scene(id="one", ingredients=(bought,)),))
    place = tmp_path / "video.mp4"
    sign(video, place, storyboard=only, certificate=credentials)
    with c2pa.Reader(str(place)) as reader:
        said = reader.json()
    assert ("rainedAlgorithmicMedia" in said) is trained
    assert ('digitalsourcetype/composite"' in said) is not trained


def test_what_was_written_before_sources_were_is_read_and_told_by_its_provider() -> None:
    written = {
        "": Source.UPLOAD,
        "gemini": Source.MODEL,
        "offline": Source.RULE,
        "stock": Source.STOCK,
    }
    for provider, source in written.items():
        old = {"role": "picture", "provider": provider, "model": provider, "placeholder": True}
        ingredient = msgspec.convert(old, Ingredient)
        assert (ingredient.source, ingredient.origin) == (None, source)


def test_the_signed_video_is_the_same_video(video: Path, signed: Path) -> None:
    before, after = inspect(video), inspect(signed)
    assert after.fast_start
    assert after.bytes > before.bytes
    assert (after.frames, after.duration, after.captions, after.chapters) == (
        before.frames,
        before.duration,
        before.captions,
        before.chapters,
    )
    with av.open(video) as one, av.open(signed) as other:
        for plain, same in zip(one.demux(), other.demux(), strict=True):
            assert (plain.pts, bytes(plain)) == (same.pts, bytes(same))


@pytest.mark.parametrize("where", ["pictures", "index", "manifest", "added"])
def test_whoever_alters_one_byte_is_found_out(signed: Path, tmp_path: Path, where: str) -> None:
    data = bytearray(signed.read_bytes())
    if where == "added":
        data += b"\0\0\0\x10note" + b"elsewise"
    else:
        place = {
            "pictures": data.index(b"mdat") + 2000,
            "index": data.index(b"mvhd") + 12,
            "manifest": data.index(b"Scene 1: picture"),
        }[where]
        data[place] ^= 1
    altered = tmp_path / "altered.mp4"
    altered.write_bytes(data)
    told = read(altered)
    assert told.standing is Standing.INVALID
    assert told.faults


def test_a_long_video_is_signed_in_little_memory_and_watched_to_its_last_byte(
    video: Path, credentials: Credentials, tmp_path: Path
) -> None:
    long, place = tmp_path / "long.mp4", tmp_path / "signed.mp4"
    size = 100_000_000
    data = bytearray(video.read_bytes())
    start = data.index(b"mdat") - 4
    data[start : start + 4] = (len(data) - start + size).to_bytes(4)
    with long.open("wb") as file:
        file.write(data)
        file.truncate(len(data) + size)
    script = (
        "import sys, resource; from pathlib import Path\n"
        "from render.signing.credentials import development\n"
        "from render.signing.provenance import sign\n"
        "from render.storyboard import Scene, Storyboard\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "sign(Path(sys.argv[1]), Path(sys.argv[2]), certificate=development(Path(sys.argv[3])),\n"
        "     storyboard=Storyboard(title='Long', scenes=(Scene(id='one'),)))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    folder = credentials.key.parent
    printed = subprocess.run(
        [sys.executable, "-c", script, long, place, folder],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert int(printed) < 64 * 1024, "KiB"
    assert read(place).standing is Standing.VALID
    with place.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\1")
    assert read(place).standing is Standing.INVALID


def test_a_video_without_manifest_or_with_another_says_so(
    video: Path, credentials: Credentials, tmp_path: Path
) -> None:
    with pytest.raises(MediaError, match="no readable manifest"):
        read(video)
    algorithm, chain, key = credentials.load()
    other = tmp_path / "other.mp4"
    with (
        c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm, chain, key, None)) as signer,
        c2pa.Builder(
            {
                "claim_generator_info": [{"name": "Another"}],
                "assertions": [
                    {
                        "label": "c2pa.actions.v2",
                        "data": {
                            "actions": [
                                {
                                    "action": "c2pa.created",
                                    "digitalSourceType": "http://cv.iptc.org/newscodes/"
                                    "digitalsourcetype/digitalCapture",
                                }
                            ]
                        },
                    }
                ],
            }
        ) as builder,
        video.open("rb") as source,
        other.open("w+b") as target,
    ):
        builder.sign(signer, "video/mp4", source, target)
    with pytest.raises(MediaError, match="not one of Reelwright's"):
        read(other)


def test_many_scenes_with_odd_words_are_signed_too(
    video: Path, credentials: Credentials, tmp_path: Path
) -> None:
    odd = Ingredient(role=Role.CLIP, provider='quo"te\\', model="模型 🎬\u2028", field="a\nb")
    long = Storyboard(
        title="\u202eTitle " * 50,
        scenes=tuple(
            Scene(id=f"s{number}", ingredients=(odd, PICTURE, VOICE)) for number in range(100)
        ),
    )
    place = tmp_path / "video.mp4"
    sign(video, place, storyboard=long, certificate=credentials)
    told = read(place)
    assert told.standing is Standing.VALID
    assert len(told.origins) == 300
    assert told.origins[0].ingredient == odd


def test_what_cannot_be_signed_leaves_nothing_behind(
    video: Path, tmp_path: Path, credentials: Credentials
) -> None:
    noise = tmp_path / "in" / "noise.mp4"
    noise.parent.mkdir()
    noise.write_bytes(b"noise" * 500)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(CompositionError, match="could not be signed"):
        sign(noise, out / "video.mp4", storyboard=STORYBOARD, certificate=credentials)
    assert not list(out.iterdir())


def test_development_credentials_are_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "credentials"
    first = development(folder)
    key = first.key.read_bytes()
    assert development(folder) == first
    assert first.key.read_bytes() == key
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [entry.name for entry in folder.parent.iterdir()] == ["credentials"]
    signer, root = x509.load_pem_x509_certificates(first.certificate.read_bytes())
    signer.verify_directly_issued_by(root)
    assert signer.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3000)


def test_many_at_once_end_up_with_one_pair(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(development, [tmp_path / "credentials"] * 8))
    assert len(set(made)) == 1
    made[0].load()
    assert [entry.name for entry in tmp_path.iterdir()] == ["credentials"]


def spoilt(folder: Path, credentials: Credentials, how: str) -> Credentials:
    key = folder / "key.pem"
    match how:
        case "missing":
            pass
        case "noise":
            key.write_bytes(b"noise")
        case "another's":
            key = development(folder / "another").key
        case "encrypted" | "odd":
            made = (
                rsa.generate_private_key(65537, 2048)
                if how == "encrypted"
                else dsa.generate_private_key(2048)
            )
            key.write_bytes(
                made.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.BestAvailableEncryption(b"secret")
                    if how == "encrypted"
                    else serialization.NoEncryption(),
                )
            )
    return Credentials(certificate=credentials.certificate, key=key)


@pytest.mark.parametrize("how", ["missing", "noise", "another's", "encrypted", "odd"])
def test_credentials_that_are_of_no_use_are_refused_in_words(
    video: Path, tmp_path: Path, credentials: Credentials, how: str
) -> None:
    with pytest.raises(CompositionError, match="to sign videos with"):
        sign(
            video,
            tmp_path / "out.mp4",
            storyboard=STORYBOARD,
            certificate=spoilt(tmp_path, credentials, how),
        )
