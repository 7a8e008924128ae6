"""What can be wrong with a file.

::

    NotFound 404          MediaNotFound
    └── MediaLost         it was announced by WhatsApp but never arrived whole
    Conflict 409          MediaPending
    TooLarge 413          FileTooLarge
    UnsupportedMedia 415  NotAPicture
    Unprocessable 422     MediaUrlFailed, PictureTooLarge, EmptyFile
    BlobMissing 404       FileDamaged           what is stored is not what was stored once
    Unavailable 503       HostsUnavailable      WhatsApp's media hosts did not take or give the file; try again
"""

from wagate.core.errors import (
    Conflict,
    NotFound,
    TooLarge,
    Unavailable,
    Unprocessable,
    UnsupportedMedia,
    WagateError,
)
from wagate.storage.blobs import BlobMissing


class MediaNotFound(NotFound):
    """There is no such file, or it belongs to another account."""

    code = "media_not_found"


class MediaLost(MediaNotFound):
    """This file could not be fetched from WhatsApp, or was not what its sender announced."""

    code = "media_failed"


class MediaPending(Conflict):
    """This file is still being fetched from WhatsApp; try again shortly."""

    code = "media_pending"


class FileTooLarge(TooLarge):
    """The file is larger than the limit."""

    code = "file_too_large"


class EmptyFile(Unprocessable):
    """The file is empty."""

    code = "empty_file"


class NotAPicture(UnsupportedMedia):
    """A message of type image needs a JPEG, PNG, WebP or GIF file."""

    code = "not_a_picture"


class PictureTooLarge(Unprocessable):
    """The picture has more pixels than can be handled."""

    code = "picture_too_large"


class MediaUrlFailed(Unprocessable):
    """The file could not be fetched from its URL."""

    code = "media_url_failed"


class FileDamaged(BlobMissing):
    """The stored file is not what was stored."""

    code = "file_damaged"


class HostsUnavailable(Unavailable):
    """WhatsApp's media hosts could not be reached or refused the file."""

    code = "media_hosts_unavailable"
    certain = True


class RemoteFileBroken(WagateError):
    """What WhatsApp's media host gave out is not the file that was announced, or it is gone there."""

    code = "remote_file_broken"
