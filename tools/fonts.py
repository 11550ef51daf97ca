"""Make the subset fonts in `render/fonts` that the offline cards are set in.

Not part of any build: it ran once, and runs again when a script is to be
added. Sources are the Debian packages `fonts-noto-core` and `fonts-noto-cjk`
(folder of system fonts) and the npm packages `@expo-google-fonts/inter`,
`…/noto-serif-display` and `…/noto-color-emoji` (a `node_modules` folder).

    python tools/fonts.py --system /usr/share/fonts --npm node_modules

Every family is under the SIL Open Font License 1.1; none that is subset here
reserves its name. A full CJK family is 20 MB a weight, so the one shipped
holds what GB 2312, Shift JIS, Big5's first level and Korean need.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parents[1] / "render" / "fonts"

LATIN = "U+0000-024F,U+0250-02AF,U+02B0-02FF,U+0300-036F,U+1E00-1EFF"
GREEK_CYRILLIC = "U+0370-03FF,U+1F00-1FFF,U+0400-052F"
PUNCTUATION = "U+2000-206F,U+2070-209F,U+20A0-20CF,U+2100-214F,U+2150-218F,U+FB00-FB06"
SIGNS = "U+2190-2199,U+2200-2265,U+25A0-25FF,U+2713,U+2717"
EVERYTHING = "U+0000-10FFFF"

NPM = {
    "NotoSerifDisplay-SemiBold": "noto-serif-display/600SemiBold/NotoSerifDisplay_600SemiBold.ttf",
    "Inter-Medium": "inter/500Medium/Inter_500Medium.ttf",
    "Inter-ExtraBold": "inter/800ExtraBold/Inter_800ExtraBold.ttf",
    "NotoColorEmoji-Regular": "noto-color-emoji/400Regular/NotoColorEmoji_400Regular.ttf",
}
WESTERN = f"{LATIN},{GREEK_CYRILLIC},{PUNCTUATION},{SIGNS}"

DEBIAN = [
    "NotoNaskhArabic-Bold",
    "NotoSansArmenian-Bold",
    "NotoSansBengali-Bold",
    "NotoSansDevanagari-Bold",
    "NotoSansEthiopic-Bold",
    "NotoSansGeorgian-Bold",
    "NotoSansGujarati-Bold",
    "NotoSansGurmukhi-Bold",
    "NotoSansKannada-Bold",
    "NotoSansKhmer-Bold",
    "NotoSansLao-Bold",
    "NotoSansMalayalam-Bold",
    "NotoSansMyanmar-Bold",
    "NotoSansSinhala-Bold",
    "NotoSansSymbols2-Regular",
    "NotoSansTamil-Bold",
    "NotoSansTelugu-Bold",
    "NotoSansThai-Bold",
    "NotoSerifHebrew-Bold",
]
SYMBOLS = "U+2190-21FF,U+2300-23FF,U+2460-24FF,U+2580-27BF,U+2B00-2BFF"

CJK_SIMPLIFIED_FACE = 2
CJK_FEATURES = ["ccmp", "locl", "kern", "liga", "ljmo", "vjmo", "tjmo", "mark"]
# Written every day in Cantonese, and in none of the older character sets.
CANTONESE = "嘅喺咗哋啲冇嚟嘢噉咁嗰佢俾畀攞瞓睇諗搵嘥啱嗌埋嬲咩吖喎囉啩㗎嘞"


def main() -> None:
    """Write every font and its size."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    arguments.add_argument("--system", type=Path, required=True, help="folder of system fonts")
    arguments.add_argument("--npm", type=Path, required=True, help="a node_modules folder")
    options = arguments.parse_args()
    TARGET.mkdir(exist_ok=True)
    for name, path in NPM.items():
        unicodes = EVERYTHING if "Emoji" in name else WESTERN
        font = TTFont(options.npm / "@expo-google-fonts" / path)
        if "SVG " in font:
            del font["SVG "]  # the same pictures once more, in four times as many bytes
        write(font, name, subset.parse_unicodes(unicodes))
    for name in DEBIAN:
        font = TTFont(next(options.system.rglob(f"{name}.ttf")))
        unicodes = SYMBOLS if "Symbols" in name else EVERYTHING
        write(font, name, subset.parse_unicodes(unicodes))
    collection = next(options.system.rglob("NotoSansCJK-Bold.ttc"))
    font = TTFont(collection, fontNumber=CJK_SIMPLIFIED_FACE)
    write(font, "NotoSansCJKsc-Bold", cjk(), features=CJK_FEATURES)


def write(
    font: TTFont, name: str, unicodes: Iterable[int], *, features: Iterable[str] = ("*",)
) -> None:
    """Write the subset of a font as `render/fonts/NAME.ttf` or `.otf`."""
    options = subset.Options(
        layout_features=list(features),
        hinting=False,
        desubroutinize=False,
        name_IDs=[0, 1, 2, 4, 5, 6, 13, 14, 16, 17],
        drop_tables=["DSIG", "FFTM", "BASE", "VORG", "vhea", "vmtx"],
        notdef_outline=True,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=unicodes)
    subsetter.subset(font)
    path = TARGET / f"{name}.{'otf' if 'CFF ' in font else 'ttf'}"
    font.save(path)
    print(f"{path.stat().st_size / 1024:7.0f} kB  {path.name}")


def cjk() -> set[int]:
    """Return the code points of everyday Chinese, Japanese and Korean."""
    double_byte = (
        (bytes([lead, trail]), lead) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF)
    )
    chars: set[str] = set(CANTONESE)
    for pair, lead in double_byte:
        chars.update(_decoded(pair, "gb2312"), _decoded(pair, "shift_jis"))
        if lead < 0xC7:  # noqa: PLR2004  # Big5's first level ends here
            chars.update(_decoded(pair, "big5"))
    blocks = "U+3000-30FF,U+31F0-31FF,U+AC00-D7A3,U+1100-11FF,U+3130-318F,U+FF00-FFEF"
    return {ord(char) for char in chars if ord(char) > 0x2E00} | set(  # noqa: PLR2004
        subset.parse_unicodes(blocks)
    )


def _decoded(pair: bytes, encoding: str) -> str:
    return pair.decode(encoding, errors="ignore")


if __name__ == "__main__":
    main()
