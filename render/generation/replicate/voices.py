"""The voices of MiniMax's speech models on Replicate; each speaks every language they know."""

from collections.abc import Iterable

from render.generation.voices import REPLICATE, Gender, Voice

_FEMALE = ("Wise_Woman", "Calm_Woman", "Inspirational_girl", "Lively_Girl", "Lovely_Girl",
           "Sweet_Girl_2", "Exuberant_Girl", "Abbess")  # fmt: skip
_MALE = ("Deep_Voice_Man", "Casual_Guy", "Patient_Man", "Young_Knight", "Determined_Man",
         "Decent_Boy", "Elegant_Man")  # fmt: skip
_EITHER = ("Friendly_Person", "Imposing_Manner")


def voices(further: Iterable[str] = ()) -> tuple[Voice, ...]:
    """Return the models' own voices, and further ones by their ids, such as cloned ones."""
    named: dict[str, Gender | None] = dict.fromkeys(_FEMALE, Gender.FEMALE)
    named |= dict.fromkeys(_MALE, Gender.MALE)
    named |= dict.fromkeys(_EITHER)
    named |= {name: None for name in further if name not in named}
    return tuple(
        Voice(
            provider=REPLICATE,
            name=name,
            gender=gender,
            description=name.rstrip("_0123456789").replace("_", " ").lower(),
        )
        for name, gender in named.items()
    )
