"""Sound: WAV, FLAC, Ogg and MP3, walked as far as each tells where it ends.

FLAC's frames say nothing of their length: what it holds behind its header is found out
when it is decoded. Sources: Microsoft's RIFF; RFC 9639 (FLAC), 3533 and 7845 (Ogg, Opus);
ISO/IEC 11172-3 and 13818-3 (MP3); id3.org.
"""

from render.containers.reader import Medium, Reader, Use, contradicts, truncated
from render.errors import UnknownContainer

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Of MPEG 1, 2 and 2.5, by the bits that say which."""
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_1 = 3
_LAST_PAGE = 4
_UNKNOWN_GRANULE = 2**64 - 1
_OPUS_RATE = 48_000


def wav(reader: Reader) -> Medium:
    """Walk a WAV's chunks."""
    length = int.from_bytes(reader.take(12, at=0)[4:8], "little")
    if not 0 <= reader.size - (length + 8) <= length % 2:
        raise truncated() if length + 8 > reader.size else contradicts()
    rate = data = 0
    while reader.at < length + 8:
        kind, size = reader.take(4), int.from_bytes(reader.take(4), "little")
        start = reader.at
        if kind == b"fmt ":
            rate = int.from_bytes(reader.take(16)[8:12], "little")
        elif kind == b"data":
            data = size
        reader.at = start
        reader.skip(min(size + size % 2, max(reader.size - start, size)))
    if not rate or not data:
        raise truncated()
    return _sound(reader, "wav", data / rate)


def flac(reader: Reader) -> Medium:
    """Walk a FLAC's metadata to its first frame."""
    reader.take(4, at=0)
    seconds = None
    last = False
    while not last:
        kind, length = reader.number(1), reader.number(3)
        last = bool(kind & 0x80)
        start = reader.at
        if kind & 0x7F == 0:
            packed = int.from_bytes(reader.take(18)[10:])
            rate, samples = packed >> 44, packed & (2**36 - 1)
            if not rate:
                raise contradicts()
            seconds = samples / rate
        reader.at = start
        reader.skip(length)
    if seconds is None:
        raise contradicts()
    if reader.number(2) & 0xFFFC != 0xFFF8:  # noqa: PLR2004 - how a frame begins
        raise contradicts()
    return _sound(reader, "flac", seconds)


def ogg(reader: Reader) -> Medium:
    """Walk an Ogg's pages."""
    reader.at = 0
    rate = seconds = 0.0
    open_streams: set[bytes] = set()
    while not reader.ended:
        page = reader.take(27)
        if page[:5] != b"OggS\x00":
            raise contradicts()
        flags, stream = page[5], page[14:18]
        granule = int.from_bytes(page[6:14], "little")
        sizes = reader.take(page[26]) if page[26] else b""
        start = reader.at
        if flags & 2:
            rate = _ogg_rate(reader.take(min(sum(sizes), 19))) or rate
            open_streams.add(stream)
        reader.at = start
        reader.skip(sum(sizes))
        if rate and granule != _UNKNOWN_GRANULE:
            seconds = max(seconds, granule / rate)
        if flags & _LAST_PAGE:
            open_streams.discard(stream)
    if not rate:
        raise UnknownContainer("There is no sound in this file that is taken here.")
    if open_streams:
        raise truncated()
    return _sound(reader, "ogg", seconds)


def _ogg_rate(packet: bytes) -> int:
    if packet.startswith(b"OpusHead"):
        return _OPUS_RATE
    if packet.startswith(b"\x01vorbis"):
        return int.from_bytes(packet[12:16], "little")
    return 0


def mp3(reader: Reader) -> Medium:
    """Walk an MP3's frames, and the tags around them."""
    reader.at = 0
    if reader.take(10)[:3] == b"ID3":
        size = reader.take(4, at=6)
        reader.skip(sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(size))))
    else:
        reader.at = 0
    frames, seconds = 0, 0.0
    while not reader.ended:
        start = reader.at
        if reader.size - start < 4:  # noqa: PLR2004 - a header's length
            raise truncated()
        head = reader.take(4)
        if _pass_tag(reader, head, start):
            continue
        length, samples, rate = _mp3_frame(head)
        reader.at = start
        reader.skip(length)
        frames, seconds = frames + 1, seconds + samples / rate
    if not frames:
        raise truncated()
    return _sound(reader, "mp3", seconds)


def _mp3_frame(head: bytes) -> tuple[int, int, int]:
    """Return a frame's bytes, samples and rate."""
    bits = int.from_bytes(head)
    version, layer = bits >> 19 & 3, bits >> 17 & 3
    kbits, rate, padded = bits >> 12 & 15, bits >> 10 & 3, bits >> 9 & 1
    if bits >> 21 != 0x7FF or version == 1 or layer != 1 or kbits in {0, 15} or rate == 3:  # noqa: PLR2004 - as the standard has it
        raise contradicts()
    bitrate = (_KBITS_1 if version == _MPEG_1 else _KBITS_2)[kbits] * 1000
    hertz = _RATES[version][rate]
    samples = 1152 if version == _MPEG_1 else 576
    return samples // 8 * bitrate // hertz + padded, samples, hertz


def _pass_tag(reader: Reader, head: bytes, start: int) -> bool:
    """Go past a tag at the end of an MP3."""
    if head[:3] == b"TAG" and reader.size - start == 128:  # noqa: PLR2004 - ID3v1
        reader.at = reader.size
    elif head == b"APET":
        length = int.from_bytes(reader.take(16, at=start)[12:], "little")
        reader.at = start
        reader.skip(32 + length)
    else:
        return False
    return True


def _sound(reader: Reader, extension: str, seconds: float) -> Medium:
    reader.check_seconds(seconds)
    return Medium(extension=extension, use=Use.SOUND, seconds=seconds)
