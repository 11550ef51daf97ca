"""Gemini's voices: names, what Google calls each, and how it sounds; each speaks every language."""

from render.generation.voices import GEMINI, Gender, Voice

_FEMALE = {
    "Achernar": "soft",
    "Aoede": "breezy",
    "Autonoe": "bright",
    "Callirrhoe": "easy-going",
    "Despina": "smooth",
    "Erinome": "clear",
    "Gacrux": "mature",
    "Kore": "firm",
    "Laomedeia": "upbeat",
    "Leda": "youthful",
    "Pulcherrima": "forward",
    "Sulafat": "warm",
    "Vindemiatrix": "gentle",
    "Zephyr": "bright",
}
_MALE = {
    "Achird": "friendly",
    "Algenib": "gravelly",
    "Algieba": "smooth",
    "Alnilam": "firm",
    "Charon": "informative",
    "Enceladus": "breathy",
    "Fenrir": "excitable",
    "Iapetus": "clear",
    "Orus": "firm",
    "Puck": "upbeat",
    "Rasalgethi": "informative",
    "Sadachbia": "lively",
    "Sadaltager": "knowledgeable",
    "Schedar": "even",
    "Umbriel": "easy-going",
    "Zubenelgenubi": "casual",
}

VOICES = tuple(
    Voice(provider=GEMINI, name=name, gender=gender, description=described)
    for gender, voices in ((Gender.FEMALE, _FEMALE), (Gender.MALE, _MALE))
    for name, described in voices.items()
)
"""Those of every speech model there is."""
