"""A problem in words for people and programs alike: a warning, or the reason that work stopped."""

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A code for translations, the values it speaks of, and one plain English sentence."""

    code: str
    message: str
    params: dict[str, str | int | float] = {}

    def of_scene(self, number: int) -> "Problem":
        """Return the same problem, saying which scene it is about; scenes count from 1."""
        return Problem(
            code=self.code,
            message=f"Scene {number}: {self.message}",
            params={**self.params, "scene": number},
        )
