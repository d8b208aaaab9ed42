"""Files as people upload them: photos, PDFs, and files that must not be kept."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pillow_heif
import sqlalchemy as sa
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from service.actions.context import ActionContext
from service.actions.documents import NewDocument, add_documents
from service.files.received import receive
from service.files.store import FolderStore

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The file that every scanner names a virus, and that is none (https://www.eicar.org)."""


def photo(
    seed: int = 1, width: int = 320, height: int = 240, kind: str = "JPEG", place: bool = False, camera: str = ""
) -> bytes:
    """Return a photo that differs with its seed; with `place`, one taken at a time, a place, and with the camera turned.

    `camera` is the name that its camera has written into it.
    """
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    image = Image.new("RGB", (width, height), ((seed * 37) % 256, (seed * 91) % 256, (seed * 151) % 256))
    image.paste((255, 255, 255), (seed % (width // 2), seed % (height // 2), width // 2, height // 2))
    exif = Image.Exif()
    if camera:
        exif[0x0110] = camera
    if place:
        exif[0x0112] = 6
        exif.get_ifd(0x8769)[0x9003] = "2025:09:01 10:00:00"
        exif.get_ifd(0x8825)[1] = "N"
        exif.get_ifd(0x8825)[2] = (26.0, 3.0, 5.0)
    written = BytesIO()
    image.save(written, kind, exif=exif)
    return written.getvalue()


def pdf(pages: int = 1, *, script: bool = False, password: str = "") -> bytes:
    """Return a PDF of blank pages; with a script that runs when it is opened, or locked."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(210, 297)
    if script:
        action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
"""The font of Debian's package fonts-noto-cjk, which the page tests need anyway."""

CERTIFICATE = (
    "诊断证明书（示例）",
    "",
    "姓名：示例甲",
    "科室：内科",
    "诊断：示例，不是真的病历",
    "",
    "示例医院　2025年9月1日",
)


def certificate(pages: int = 1) -> bytes:
    """Return a PDF of scanned pages that can be read: a certificate of nobody."""
    font = ImageFont.truetype(FONT, 44) if FONT.exists() else ImageFont.load_default()
    scans = []
    for number in range(pages):
        scan = Image.new("RGB", (1240, 1754), (250, 249, 244))
        drawing = ImageDraw.Draw(scan)
        drawing.rectangle((90, 110, 1150, 1640), outline=(120, 120, 120), width=3)
        for place, line in enumerate((*CERTIFICATE, f"第{number + 1}页，共{pages}页") if FONT.exists() else ("scan",)):
            drawing.text((160, 190 + 110 * place), line, font=font, fill=(40, 40, 60))
        scans.append(scan)
    written = BytesIO()
    scans[0].save(written, "PDF", save_all=True, append_images=scans[1:])
    return written.getvalue()


def pixel_bomb(side: int = 65_000) -> bytes:
    """Return a PNG of a few thousand bytes that claims to be of `side` × `side` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(2**22), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def add_photo(
    conn: sa.Connection,
    folder: Path,
    household_id: UUID,
    context: ActionContext,
    case_id: UUID | None = None,
    kind: str = "identity",
) -> UUID:
    """Add a photo, of an identity card if no other kind is said, to a family or its case, in the store of a data folder."""
    file = receive("身份证.jpg", photo(household_id.int % 1000), None)
    [document_id] = add_documents(
        conn, FolderStore(folder / "files"), [NewDocument(household_id, case_id, kind, file)], context
    )
    return document_id
