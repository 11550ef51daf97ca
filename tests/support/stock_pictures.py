"""Stock pictures for tests: noise, which is told apart by its bytes."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image


def stock_picture(
    path: Path,
    *,
    caption: str | None = None,
    licence: str | None = None,
    size: tuple[int, int] = (1300, 740),
) -> Path:
    """Write a picture, with its sidecars, whose content follows from its name."""
    seed = int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4])
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size).save(path)
    if caption is not None:
        path.with_suffix(".txt").write_text(caption)
    if licence is not None:
        path.with_name(path.name + ".license").write_text(licence)
    return path
