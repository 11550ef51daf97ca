"""The word list: when each word of a film is said, as JSON for whoever wants to do more with it.

    {"locale": "en", "captions": [{"scene": "s1", "start": 0.4, "end": 2.1, "text": "…",
     "heard": true, "words": [{"text": "Long", "start": 0.412, "end": 0.703}, …]}, …]}

Seconds are the film's. `heard` is whether the words' times were found in the narration
(`render.generation.reading`), or guessed from their weight and the pauses. A word is as captions
cut it: with neither spaces nor breaks around it, a phrase where words are not told apart.
"""

import json

from render.timeline import Timeline
from render.words.webvtt import milliseconds


def word_list(timeline: Timeline) -> str:
    """Return the captions of a film with their words as JSON."""
    scenes = {voice.start: voice.scene_id for voice in timeline.voices}
    captions: list[dict[str, object]] = []
    for cue in timeline.captions:
        begun = max((start for start in scenes if start <= cue.start), default=None)
        captions.append(
            {
                "scene": scenes[begun] if begun is not None else "",
                "start": milliseconds(cue.start) / 1000,
                "end": milliseconds(cue.end) / 1000,
                "text": cue.text,
                "heard": cue.heard,
                "words": [
                    {
                        "text": word.text.strip(),
                        "start": milliseconds(word.start) / 1000,
                        "end": milliseconds(word.end) / 1000,
                    }
                    for word in cue.words
                ],
            }
        )
    content = {"locale": timeline.locale, "captions": captions}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
