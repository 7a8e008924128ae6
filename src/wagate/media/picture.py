"""Size and thumbnail of a picture. The header is read first: one that would take gigabytes to decode is refused."""

import io
from typing import Final

from wagate.media.errors import NotAPicture, PictureTooLarge
from wagate.media.model import Picture

#: The types that WhatsApp's clients show as a picture.
TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})

#: Larger than any phone's camera makes (200 megapixels reduced on save); 64 M pixels decode to 256 MB at most, and
#: only one picture at a time is decoded.
MAX_PIXELS: Final = 64_000_000

#: The longer side of a thumbnail in pixels and its JPEG quality; what the web client sends is of this size.
_THUMBNAIL: Final = 72
_QUALITY: Final = 60


def look_at(content: bytes) -> Picture:
    """Read a picture's size and make its thumbnail. Takes time for large ones: call it on a thread.

    :raises NotAPicture: if it can't be read.
    :raises PictureTooLarge: if it has more than :data:`MAX_PIXELS`.
    """
    # Loaded with the first picture: it takes some megabytes that a gateway of texts does without.
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF")) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise PictureTooLarge(f"the picture has {width} x {height} pixels; {MAX_PIXELS} are the most")
            # JPEG can be decoded at a fraction of its size, which saves nearly all the work.
            image.draft("RGB", (2 * _THUMBNAIL, 2 * _THUMBNAIL))
            upright = ImageOps.exif_transpose(image)
            # A picture lying on its side says so in its EXIF data, and phones turn it.
            if upright.size[0] < upright.size[1] and width > height:
                width, height = height, width
            upright.thumbnail((_THUMBNAIL, _THUMBNAIL))
            out = io.BytesIO()
            upright.convert("RGB").save(out, "JPEG", quality=_QUALITY)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture("the picture can't be read") from error
    return Picture(width=width, height=height, thumbnail=out.getvalue())
