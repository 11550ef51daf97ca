"""Stock pictures: which one is found for which words, and what is never opened."""

import io
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from render.errors import RefusedGeneration
from render.generation.base import Generated, ImageRequest
from render.generation.models import ModelsConfig
from render.generation.providers import open_providers
from render.generation.stock import StockImages, StockLimits
from render.source import Credit, Source
from render.storyboard import AspectRatio
from tests.support.stock_pictures import stock_picture

pytestmark = pytest.mark.anyio


async def found(
    folder: Path, prompt: str, *, limits: StockLimits | None = None, **more: str
) -> str:
    """Return the name of the picture that stands for a prompt."""
    return (await draw(folder, prompt, limits=limits, **more)).model


async def draw(
    folder: Path, prompt: str, *, limits: StockLimits | None = None, **more: str
) -> Generated:
    return await StockImages(folder, limits=limits).draw(ImageRequest(prompt=prompt, **more))  # pyright: ignore[reportArgumentType]


def opened(made: Generated) -> Image.Image:
    return Image.open(io.BytesIO(made.data))


class TestWords:
    @pytest.mark.parametrize(
        ("prompt", "locale", "name"),
        [
            ("Two boats in the harbour", "en", "boat-harbour.jpg"),
            ("The baker kneads dough", "en", "baker_dough.png"),
            ("Alte Häuser am Fluss", "de", "haus.jpg"),
            ("Des maisons près de la rivière", "fr", "riviere.jpg"),
            ("猫在睡觉", "zh", "猫.jpg"),
            ("แมวนอนหลับ", "th", "แมว.jpg"),
            ("قطة نائمة", "ar", "قطة.jpg"),
        ],
    )
    async def test_forms_accents_and_scripts_are_no_hindrance(
        self, tmp_path: Path, prompt: str, locale: str, name: str
    ) -> None:
        for each in ("boat-harbour.jpg", "baker_dough.png", "riviere.jpg", "猫.jpg", "แมว.jpg",
                     "قطة.jpg"):  # fmt: skip
            stock_picture(tmp_path / each)
        stock_picture(tmp_path / "haus.jpg", caption="Ein altes Haus")
        assert await found(tmp_path, prompt, locale=locale) == name

    async def test_a_caption_says_more_than_a_name(self, tmp_path: Path) -> None:
        stock_picture(tmp_path / "IMG_2041.jpg", caption="Sailing boat, sunset, calm sea")
        stock_picture(tmp_path / "IMG_2042.jpg", caption="A dog in the snow")
        assert await found(tmp_path, "A boat at sunset") == "IMG_2041.jpg"

    async def test_a_rare_word_weighs_more_than_a_frequent_one(self, tmp_path: Path) -> None:
        for place in ("harbour", "river", "lake"):
            stock_picture(tmp_path / f"boat-{place}.jpg")
        assert await found(tmp_path, "boat, lake") == "boat-lake.jpg"

    async def test_what_is_drawn_comes_before_what_is_said(self, tmp_path: Path) -> None:
        for name in ("lighthouse.jpg", "bread.jpg"):
            stock_picture(tmp_path / name)
        assert await found(tmp_path, "A lighthouse", text="Bread, bread!") == "lighthouse.jpg"
        assert await found(tmp_path, "", text="Bread, bread!") == "bread.jpg"

    @pytest.mark.parametrize(
        "prompt",
        ["A spaceship", "The and with", "", "Warm morning light over a loaf of rye bread on oak"],
    )
    async def test_where_nothing_fits_it_is_refused(self, tmp_path: Path, prompt: str) -> None:
        stock_picture(tmp_path / "light-bulb.jpg", caption="The bulb that glows with the switch")
        with pytest.raises(RefusedGeneration, match="No stock picture fits"):
            await draw(tmp_path, prompt)

    async def test_the_same_is_found_again_whatever_the_folders_order(self, tmp_path: Path) -> None:
        for folder, names in (("a", "abc"), ("b", "cba")):
            (tmp_path / folder).mkdir()
            for name in names:
                stock_picture(tmp_path / folder / f"boat-{name}.png")
        first, second = [await draw(tmp_path / folder, "A boat") for folder in "ab"]
        assert first == second
        assert first.model == "boat-a.png"


class TestProvenance:
    async def test_it_is_shown_as_stock_with_its_licence(self, tmp_path: Path) -> None:
        stock_picture(
            tmp_path / "boat.jpg",
            licence="SPDX-FileCopyrightText: 2024 Ann\nSPDX-License-Identifier: CC-BY-4.0\n",
        )
        made = await draw(tmp_path, "A boat")
        assert (made.provider, made.model, made.cost) == ("stock", "boat.jpg", 0)
        (warning,) = made.warnings
        assert (warning.code, warning.params) == (
            "stock_used",
            {"file": "boat.jpg", "licence": "CC-BY-4.0"},
        )
        assert "“boat.jpg” (CC-BY-4.0)" in warning.message
        assert made.source is Source.STOCK
        assert made.source.placeholder
        assert made.credit == Credit(author="2024 Ann", licence="CC-BY-4.0")

    async def test_an_author_alone_is_no_licence(self, tmp_path: Path) -> None:
        stock_picture(tmp_path / "boat.jpg", licence="SPDX-FileCopyrightText: 2024 Ann\n")
        made = await draw(tmp_path, "A boat")
        assert made.credit == Credit(author="2024 Ann")
        assert "no licence is noted" in made.warnings[0].message

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ('<a Iptc4xmpExt:DigitalSourceType="{}"/>', "digitalCapture"),
            ("<I:DigitalSourceType>{}</I:DigitalSourceType>", "digitalCapture"),
            ('<I:DigitalSourceType\n rdf:resource="{}"/>', "digitalCapture"),
            ("<dc:subject>{}</dc:subject>", ""),
            ("", ""),
        ],
    )
    @pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
    async def test_how_it_came_about_is_what_its_own_file_says(
        self, tmp_path: Path, said: str, told: str, kind: str
    ) -> None:
        term = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
        packet = f"<x:xmpmeta>{said.format(term)}</x:xmpmeta>"
        picture = Image.new("RGB", (1600, 900))
        if kind == "png":
            notes = PngInfo()
            notes.add_itxt("XML:com.adobe.xmp", packet)
            picture.save(tmp_path / "boat.png", pnginfo=notes)
        else:
            picture.save(tmp_path / f"boat.{kind}", xmp=packet.encode())
        assert (await draw(tmp_path, "A boat")).credit.digital_source_type == told

    async def test_a_licence_in_plain_words_is_its_first_line(self, tmp_path: Path) -> None:
        stock_picture(tmp_path / "boat.jpg")
        (tmp_path / "boat.license").write_text("Bought from a shop\nInvoice 12")
        made = await draw(tmp_path, "A boat")
        assert made.warnings[0].params["licence"] == "Bought from a shop"

    async def test_no_licence_is_said_as_such(self, tmp_path: Path) -> None:
        stock_picture(tmp_path / "boat.jpg")
        assert "no licence is noted" in (await draw(tmp_path, "A boat")).warnings[0].message


class TestShapes:
    async def test_a_picture_on_its_side_is_turned_before_it_is_cropped(
        self, tmp_path: Path
    ) -> None:
        lying = Image.new("RGB", (1600, 900), "red")
        lying.paste("blue", (0, 0, 800, 900))
        exif = Image.Exif()
        exif[0x0112] = 6
        lying.save(tmp_path / "boat.jpg", exif=exif)
        made = await draw(tmp_path, "A boat", aspect_ratio=AspectRatio.PORTRAIT)
        picture = opened(made).convert("RGB")
        above, below = picture.getpixel((720, 200)), picture.getpixel((720, 2400))
        assert isinstance(above, tuple)
        assert isinstance(below, tuple)
        assert above[2] > 200
        assert below[2] < 50

    @pytest.mark.parametrize("mode", ["RGBA", "P", "L", "CMYK"])
    async def test_any_kind_of_colour_becomes_rgb(self, tmp_path: Path, mode: str) -> None:
        suffix = "jpg" if mode == "CMYK" else "png"
        Image.new(mode, (1600, 900)).save(tmp_path / f"boat.{suffix}")
        assert opened(await draw(tmp_path, "A boat")).mode == "RGB"

    async def test_what_is_transparent_shows_white(self, tmp_path: Path) -> None:
        Image.new("RGBA", (1600, 900), (0, 0, 0, 0)).save(tmp_path / "boat.png")
        assert opened(await draw(tmp_path, "A boat")).getpixel((9, 9)) == (255, 255, 255)


class TestLimits:
    @pytest.mark.parametrize(
        "limits",
        [
            StockLimits(file_bytes=100),
            StockLimits(pixels=1600 * 1200 - 1),
            StockLimits(short_side=901),
            StockLimits(pictures=0),
        ],
    )
    async def test_what_passes_one_is_passed_over(
        self, tmp_path: Path, limits: StockLimits
    ) -> None:
        stock_picture(tmp_path / "boat.jpg", size=(1600, 1200))
        with pytest.raises(RefusedGeneration):
            await draw(tmp_path, "A boat", limits=limits)
        assert await found(tmp_path, "A boat", limits=StockLimits(short_side=900)) == "boat.jpg"

    @pytest.mark.parametrize(
        "content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, b"\xff\xd8\xff\xe0"]
    )
    async def test_the_next_best_stands_in_for_what_only_looks_like_a_picture(
        self, tmp_path: Path, content: bytes
    ) -> None:
        stock_picture(tmp_path / "boat-2.jpg")
        (tmp_path / "boat-1.jpg").write_bytes(content)
        assert await found(tmp_path, "A boat") == "boat-2.jpg"

    async def test_a_truncated_picture_is_passed_over(self, tmp_path: Path) -> None:
        whole = stock_picture(tmp_path / "boat-1.png").read_bytes()
        (tmp_path / "boat-1.png").write_bytes(whole[: len(whole) // 2])
        stock_picture(tmp_path / "boat-2.png")
        assert await found(tmp_path, "A boat") == "boat-2.png"

    async def test_a_link_out_of_the_folder_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "stock").mkdir()
        stock_picture(tmp_path / "boat.jpg")
        (tmp_path / "stock" / "boat.jpg").symlink_to(tmp_path / "boat.jpg")
        with pytest.raises(RefusedGeneration):
            await draw(tmp_path / "stock", "A boat")

    async def test_a_folder_that_is_gone_is_said_without_its_path(self, tmp_path: Path) -> None:
        with pytest.raises(RefusedGeneration) as refused:
            await draw(tmp_path / "gone", "A boat")
        assert str(refused.value) == "The folder of stock pictures cannot be read."


class TestOnTheChain:
    async def test_it_stands_between_models_and_cards(self, tmp_path: Path) -> None:
        stock_picture(tmp_path / "boat.jpg")
        async with open_providers(ModelsConfig(), stock=tmp_path) as providers:
            fits = await providers.images.draw(ImageRequest(prompt="A boat", text="A boat"))
            other = await providers.images.draw(ImageRequest(prompt="A fox", text="A fox"))
        assert (fits.provider, fits.model) == ("stock", "boat.jpg")
        assert other.provider == "offline"
        (warning,) = other.warnings
        assert "No stock picture fits" in warning.message

    async def test_without_a_folder_there_is_no_such_rung(self) -> None:
        async with open_providers(ModelsConfig(), gemini_key="k") as providers:
            assert "stock" not in {rung.provider for rung in providers.images.rungs}
