"""Pictures are decoded, turned upright, reduced, and written again as JPEG without EXIF.

`python -m service.files.pictures` does so with the picture on standard input.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pillow_heif
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from service.clock import UNION_TIME
from service.files.decode import Decoded, run
from service.files.refused_file import RefusedFile

JPEG = "image/jpeg"
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")

LONGEST_SIDE = 4000
"""Pixels of the longer side of a kept picture: a page of A4 at 340 dots an inch."""

SMALL_SIDE = 240
"""Pixels of the longer side of the small picture that lists show."""

MOST_PIXELS = 20_000_000
"""Pixels that are decoded at once: three bytes each, twice while the picture is turned."""

MOST_JPEG_PIXELS = 120_000_000
"""Pixels of a JPEG, which is decoded at a half, a quarter or an eighth of its size."""

QUALITY, SMALL_QUALITY = 88, 70
_ORIGINAL_TIME, _ORIGINAL_OFFSET = 0x9003, 0x9011
"""EXIF tags DateTimeOriginal and OffsetTimeOriginal."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: JPEG bytes, the small one beside it, its size in pixels, and when it was taken."""

    content: bytes
    small: bytes
    width: int
    height: int
    taken_at: datetime | None = None


def rewrite(content: bytes) -> Picture:
    """Return a picture as it is kept. Raises RefusedFile (picture_broken, picture_too_large)."""
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # checked below, by kind
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as opened:
            _check_size(opened)
            taken_at = _taken_at(opened)
            plain = _reduced(opened)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError):
        raise RefusedFile("picture_broken") from None
    return picture_of(plain, taken_at)


def picture_of(image: Image.Image, taken_at: datetime | None = None) -> Picture:
    """Return an image, in RGB and of the size it is kept in, as JPEG with the small one beside it."""
    width, height = image.size
    content = _jpeg(image, QUALITY)
    image.thumbnail((SMALL_SIDE, SMALL_SIDE), reducing_gap=2.0)
    return Picture(content, _jpeg(image, SMALL_QUALITY), width, height, taken_at)


def _check_size(opened: Image.Image) -> None:
    """Refuse a picture by the size its header states: reading its EXIF may decode the whole of it."""
    pixels = opened.width * opened.height
    most = MOST_JPEG_PIXELS if opened.format == "JPEG" else MOST_PIXELS
    if pixels > most:
        raise RefusedFile("picture_too_large", {"pixels": pixels, "limit": most})


def _reduced(opened: Image.Image) -> Image.Image:
    """Return the image upright, in RGB, its longer side at most LONGEST_SIDE."""
    if opened.format == "JPEG" and opened.width * opened.height > MOST_PIXELS:
        # The decoder reduces by 2, 4 or 8 while it reads; it stays at or above the size asked for.
        opened.draft("RGB", (opened.width // 4, opened.height // 4))
    turned = opened.getexif().get(ExifTags.Base.Orientation, 1)
    image = _in_rgb(opened)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
    image.getexif().clear()
    if turned != 1:
        image.getexif()[ExifTags.Base.Orientation] = turned
        image = ImageOps.exif_transpose(image)
    return image


def _in_rgb(opened: Image.Image) -> Image.Image:
    if "A" in opened.getbands() or "transparency" in opened.info:
        # What is transparent becomes white, as paper is; converting alone would make it black.
        shown = opened.convert("RGBA")
        paper = Image.new("RGB", shown.size, "white")
        paper.paste(shown, mask=shown.getchannel("A"))
        return paper
    return opened.convert("RGB")


def _jpeg(image: Image.Image, quality: int) -> bytes:
    written = BytesIO()
    # Without `exif` and `icc_profile` Pillow writes neither; the comment is of the image that was opened.
    image.info.clear()
    image.save(written, "JPEG", quality=quality, optimize=True, exif=b"")
    return written.getvalue()


def _taken_at(opened: Image.Image) -> datetime | None:
    """Return when a camera says it took the picture; its clock is the union's where it names no zone."""
    details = opened.getexif().get_ifd(ExifTags.IFD.Exif)
    taken, offset = details.get(_ORIGINAL_TIME), details.get(_ORIGINAL_OFFSET)
    with suppress(TypeError, ValueError):
        if isinstance(offset, str):
            return datetime.strptime(f"{taken} {offset}", "%Y:%m:%d %H:%M:%S %z")
        return datetime.strptime(str(taken), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UNION_TIME)
    return None


def _decode(content: bytes, _arguments: list[str]) -> Decoded:
    kept = rewrite(content)
    taken = kept.taken_at.isoformat() if kept.taken_at else None
    size = {"width": kept.width, "height": kept.height}
    return {"media_type": JPEG, "pages": 1, "taken_at": taken, **size}, (kept.content, kept.small)


if __name__ == "__main__":
    raise SystemExit(run(_decode))
