"""Pictures and sounds as a model would make them: real files, and never the same one twice."""

import io
import itertools
import wave

import cv2
import numpy as np

_SEEDS = itertools.count()
SECONDS_PER_CHARACTER = 0.065


def picture(width: int, height: int, kind: str = "jpg") -> bytes:
    """Return a picture of soft random colours."""
    colours = np.random.default_rng(next(_SEEDS)).integers(0, 255, (9, 16, 3), np.uint8)
    done, data = cv2.imencode(f".{kind}", cv2.resize(colours, (width, height)))
    assert done
    return data.tobytes()


def speech(text: str, rate: int) -> bytes:
    """Return syllables of a tone, as 16-bit PCM, at a narrator's pace; some silence around them."""
    seconds = 0.3 + SECONDS_PER_CHARACTER * len(text)
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.7 * np.sin(2 * np.pi * 180 * time) * np.cos(np.pi * 4 * time) ** 12
    silence = np.zeros(rate // 4)
    return (np.concatenate([silence, tone, silence]) * 32_767).astype("<i2").tobytes()


def wav(pcm: bytes, rate: int) -> bytes:
    """Return PCM as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return buffer.getvalue()


def instance(schema: dict[str, object]) -> object:
    """Return the least thing that follows a JSON schema."""
    if "enum" in schema:
        return schema["enum"][0]  # pyright: ignore[reportIndexIssue]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: instance(inner) for name, inner in properties.items()}  # pyright: ignore[reportAttributeAccessIssue]
        case "array":
            return [instance(schema["items"])]  # pyright: ignore[reportArgumentType]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case _:
            return "words"
