"""Write how wide each character is that captions are set in: `render/words/advances.json`.

    python -m tools.advances

The bridge plans what a film shows and loads no font; it reads this instead. A test compares it with
the fonts, and says to run this again where one has changed.
"""

import json
from collections import defaultdict
from typing import Any, cast

from fontTools.ttLib import TTFont

from render.storyboard import CaptionStyle
from render.words.advances import TABLE, is_full_width
from render.words.faces import FOLDER, faces_for
from render.words.fonts import fallbacks

_THOUSAND = 1000


def table() -> str:
    """Return characters by their advance in thousandths of an em, as JSON, one advance a line.

    Each is of the first face that has it, as Typst falls back: Inter in the weight of lit words,
    then every other family. An em of what fills a square is left out.
    """
    (base,) = faces_for([(CaptionStyle.LIT, "")])
    families = [name.replace("CJK SC", "CJKsc").replace(" ", "") for name in fallbacks()]
    files = [FOLDER / base.file]
    files += [path for family in families[1:] for path in sorted(FOLDER.glob(f"{family}-*"))]
    advances: dict[int, int] = {}
    for path in files:
        with TTFont(path, lazy=True) as font:
            tables = cast("dict[str, Any]", font)
            unit: int = tables["head"].unitsPerEm
            metrics: dict[str, tuple[int, int]] = tables["hmtx"]
            for code, glyph in (font.getBestCmap() or {}).items():
                advance = round(_THOUSAND * metrics[glyph][0] / unit)
                if advance > _THOUSAND or not is_full_width(chr(code)):
                    advances.setdefault(code, advance)
    by_advance: dict[int, list[str]] = defaultdict(list)
    for code, advance in sorted(advances.items()):
        by_advance[advance].append(chr(code))
    lines = [
        f"{json.dumps(str(advance))}: {json.dumps(''.join(by_advance[advance]))}"
        for advance in sorted(by_advance)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="ascii")
