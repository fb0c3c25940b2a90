"""What a picture or a sound is, by its first bytes; a name or a header decides nothing."""

from typing import Final, Literal

HEAD: Final = 64
"""Bytes from the start that are enough to tell."""

_PICTURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_CODECS: Final = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC")


def content_type(head: bytes, kind: Literal["image", "audio"]) -> str:
    """The content type of a picture or a sound that browsers know; "" for anything else.

    Args:
        head: its first `HEAD` bytes.
        kind: what it should be. A picture is no sound, whatever it is called.
    """
    return _picture(head) if kind == "image" else _sound(head)


def _picture(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((name for start, name in _PICTURES if head.startswith(start)), "")


def _sound(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[:4] == b"fLaC":
        return "audio/flac"
    if head[:4] == b"OggS" and any(codec in head for codec in _CODECS):
        return "audio/ogg"
    if head[4:8] == b"ftyp" and head[8:12] in (b"M4A ", b"M4B "):
        return "audio/mp4"
    layer_3 = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    return "audio/mpeg" if head[:3] == b"ID3" or layer_3 else ""
