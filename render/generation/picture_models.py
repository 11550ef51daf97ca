"""What each model that draws takes of reference pictures: where, and how many.

As for clips (`render.generation.clip_models`): a model without a row is shown none, and told in
words what they show. Gemini's models take them beside the words. Written down in November 2026
without a key to try them by; configuration replaces and adds rows
(`render.generation.models.ModelsConfig.pictures`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class PictureModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one model is shown what a picture's subjects look like."""

    reference_field: str = ""
    """The field of the reference pictures; empty for a model that takes none."""
    most_references: int = 0
    """Past this it is shown none."""
    listed: bool = True
    """Whether the field takes a list; else it takes one picture."""

    @property
    def most(self) -> int:
        """How many it is shown at most."""
        return self.most_references if self.reference_field else 0

    def value(self, references: Sequence[str]) -> Any:
        """Return pictures as the field takes them."""
        return list(references) if self.listed else references[0]

    def faults(self, name: str) -> list[str]:
        """Return everything that is wrong with a row, in sentences."""
        most = _MOST if self.listed else 1
        if bool(self.reference_field) == (self.most_references in range(1, most + 1)):
            return []
        return [f"The model “{name}” must take from 1 to {most} reference pictures in a field."]


_MOST = 16
NO_REFERENCES = PictureModel()

PICTURE_MODELS: Mapping[str, PictureModel] = {
    "gemini-nano-banana-2.1": PictureModel(reference_field="contents", most_references=14),
    "gemini-3-pro-image": PictureModel(reference_field="contents", most_references=14),
    "gemini-2.5-flash-image": PictureModel(reference_field="contents", most_references=3),
    "google/nano-banana-pro": PictureModel(reference_field="image_input", most_references=14),
    "bytedance/seedream-4": PictureModel(reference_field="image_input", most_references=10),
    "black-forest-labs/flux-2-pro": PictureModel(reference_field="input_images", most_references=8),
    "black-forest-labs/flux-kontext-pro": PictureModel(
        reference_field="input_image", most_references=1, listed=False
    ),
}
