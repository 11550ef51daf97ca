"""The child process that speaks: espeak-ng behind a pipe, one request per process.

espeak-ng keeps its voice and its buffers in globals and can bring its process
down on odd input; it is also GPL. Both are reasons to keep it at the other end
of a pipe. This file is started by path, without site-packages, so it imports
nothing but the standard library; starting it costs some 20 ms.

It reads one JSON object from standard input: `library` and `data` (paths),
`voices` (names, the first known one speaks), `wordsPerMinute` and `text`. It
writes one line of JSON (`voice`, `version`, `sampleRate`, and `words`: of each its
first character, how many it has, and the millisecond it begins at) and then 16-bit
mono PCM in the machine's byte order. Any exit code but 0 is a failure, told
on standard error.
"""

import ctypes
import json
import sys

SYNCHRONOUS = 2
"""Sound is handed to the callback before `espeak_Synth` returns; none is played."""
DO_NOT_EXIT = 0x8000
"""Report a missing data folder instead of ending the process."""
UTF8 = 1
"""Text is UTF-8; without the SSML flag beside it, markup is read out as text."""
WORDS_PER_MINUTE = 1

LIST_ENDS, WORD_BEGINS = 0, 1
"""Kinds of event."""


class Event(ctypes.Structure):
    """Of `speak_lib.h`: what happens at a moment of the sound."""

    _fields_ = (
        ("kind", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("character", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("detail", ctypes.c_char * 8),
    )


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


def main() -> int:
    """Speak the request on standard input to standard output; return the exit code."""
    request = json.load(sys.stdin.buffer)
    espeak = ctypes.CDLL(request["library"])
    espeak.espeak_Info.restype = ctypes.c_char_p
    sample_rate = espeak.espeak_Initialize(SYNCHRONOUS, 0, request["data"].encode(), DO_NOT_EXIT)
    if sample_rate <= 0:
        sys.stderr.write("espeak-ng found no voice data\n")
        return 1
    # Breath is noise, seeded with the time of day: the same line is to sound the same.
    espeak.espeak_ng_SetRandSeed(ctypes.c_long(1))
    voice = next(
        (name for name in request["voices"] if espeak.espeak_SetVoiceByName(name.encode()) == 0),
        None,
    )
    if voice is None:
        sys.stderr.write("espeak-ng knows none of the voices asked for\n")
        return 1
    espeak.espeak_SetParameter(WORDS_PER_MINUTE, request["wordsPerMinute"], 0)

    sound = bytearray()
    words: list[tuple[int, int, int]] = []

    def collect(samples: int | None, count: int, events: "ctypes.Array[Event]") -> int:
        if samples and count > 0:
            sound.extend(ctypes.string_at(samples, count * ctypes.sizeof(ctypes.c_short)))
        number = 0
        while events and events[number].kind != LIST_ENDS:
            event = events[number]
            if event.kind == WORD_BEGINS:
                words.append((event.character - 1, event.length, event.milliseconds))
            number += 1
        return 0

    callback = Callback(collect)
    espeak.espeak_SetSynthCallback(callback)
    text = request["text"].encode()
    if espeak.espeak_Synth(text, len(text) + 1, 0, 1, 0, UTF8, None, None) != 0:
        sys.stderr.write("espeak-ng refused the text\n")
        return 1
    version = espeak.espeak_Info(None).decode().split()[0]
    head = {"voice": voice, "version": version, "sampleRate": sample_rate, "words": words}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + sound)
    return 0


if __name__ == "__main__":
    sys.exit(main())
