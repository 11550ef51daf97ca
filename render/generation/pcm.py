"""A spoken line as samples: mono, 16-bit; trimmed, faded, brought to one level, written as WAV.

Whoever speaks, a line starts and ends without a pause and peaks at −1 dBFS, so
that the engine alone decides where silence goes.
"""

import io
import wave

import numpy as np
import numpy.typing as npt

PEAK = 10 ** (-1 / 20)
"""−1 dBFS."""
_NOTHING = 10 ** (-60 / 20) * np.iinfo(np.int16).max
"""−60 dBFS, which nobody hears (`render.sound.wav`): raised to the peak it would be mere noise."""
_AUDIBLE = 0.01
"""Of the peak: what is quieter is silence."""
_MARGIN_SECONDS = 0.02
_FADE_SECONDS = 0.008
_SILENT_SECONDS = 1.0


class UnreadableSound(ValueError):
    """Bytes that are not 16-bit WAV."""


def finish(pcm: bytes, sample_rate: int) -> tuple[npt.NDArray[np.int16], bool]:
    """Trim, fade and normalise; return the samples and whether they are mere silence."""
    samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < _NOTHING:
        return np.zeros(round(_SILENT_SECONDS * sample_rate), np.int16), True
    audible = np.flatnonzero(np.abs(samples) > _AUDIBLE * peak)
    margin = round(_MARGIN_SECONDS * sample_rate)
    samples = samples[max(0, audible[0] - margin) : audible[-1] + margin]
    samples *= PEAK * np.iinfo(np.int16).max / peak
    fade = np.linspace(0, 1, min(round(_FADE_SECONDS * sample_rate), len(samples)))
    samples[: len(fade)] *= fade
    samples[len(samples) - len(fade) :] *= fade[::-1]
    return np.rint(samples).astype(np.int16), False


def wav(samples: npt.NDArray[np.int16], sample_rate: int) -> bytes:
    """Return samples as the bytes of a mono WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(samples.itemsize)
        file.setframerate(sample_rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def read_wav(data: bytes) -> tuple[bytes, int]:
    """Return a WAV file's first channel as little-endian PCM, and its rate.

    Raises `UnreadableSound`. A header that was written before the length was
    known claims too many frames; what is really there counts.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames = file.readframes(min(file.getnframes(), len(data)))
    except (wave.Error, EOFError) as error:
        raise UnreadableSound(str(error)) from error
    if width != np.dtype(np.int16).itemsize or not 8_000 <= rate <= 192_000:  # noqa: PLR2004
        raise UnreadableSound(f"{8 * width} bits at {rate} Hz")
    samples = np.frombuffer(frames[: len(frames) // (width * channels) * width * channels], "<i2")
    return samples[::channels].tobytes(), rate
