"""The child process that speaks with one Piper voice, request after request, until nobody asks.

Piper is GPL-3, and its model and espeak-ng's rules are C that reads strangers'
text: both are reasons to keep it at the other end of a pipe. This file is
started by path and imports nothing of this project. The model takes a second
to load, which is why the process stays.

Started with the model's path, mebibytes of memory and seconds to wait for a
next request. Each request is one line of JSON on standard input: `pieces`
(texts), `speaker` (a number or null), `lengthScale` (1 is the voice's own
pace). The answer is one line of JSON (`sampleRate`), then for each piece the
length of its sound in bytes as 32 bits, little-endian, and 16-bit mono PCM.
"""

# The extra may be absent where types are checked, and has wheels for some Pythons only.
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

import json
import resource
import select
import struct
import sys
from contextlib import suppress
from pathlib import Path

FILE_BYTES = 1 << 20
"""More than a library could have to say on standard error."""


def bound(mebibytes: int) -> None:
    """Take no more memory than that, leave no core, and fill no disk."""
    for what, most in (
        (resource.RLIMIT_AS, mebibytes << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
    ):
        with suppress(OSError, ValueError):  # not every system bounds everything
            resource.setrlimit(what, (most, most))


def main(model: str, mebibytes: int, idle_seconds: float) -> int:
    """Answer requests; return the exit code once nobody asks any more."""
    bound(mebibytes)
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    # Below the bounds on purpose: loading a file that is no model is the first thing to go wrong.
    import onnxruntime  # noqa: PLC0415
    from piper import PiperVoice, SynthesisConfig  # noqa: PLC0415
    from piper.config import PiperConfig  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    # Beside others that work, threads that wait for each other halve the pace (decision 47).
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    config = json.loads(Path(f"{model}.json").read_bytes())
    voice = PiperVoice(
        config=PiperConfig.from_dict(config),
        session=onnxruntime.InferenceSession(
            model, sess_options=options, providers=["CPUExecutionProvider"]
        ),
    )
    while select.select([sys.stdin], [], [], idle_seconds)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            break  # whoever asked is gone
        request = json.loads(line)
        settings = SynthesisConfig(
            speaker_id=request["speaker"],
            length_scale=voice.config.length_scale * request["lengthScale"],
        )
        answers.write(json.dumps({"sampleRate": voice.config.sample_rate}).encode() + b"\n")
        for text in request["pieces"]:
            sound = b"".join(chunk.audio_int16_bytes for chunk in voice.synthesize(text, settings))
            answers.write(struct.pack("<I", len(sound)) + sound)
            answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
