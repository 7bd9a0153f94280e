"""What can go wrong with an image, told apart for the person at the machine.

`ImageTrustError` is raised before the first byte of an image is written, or for a frame
before that frame is written. `LayDownError` means that the drive holds no bootable
system: its first MiB was left zeroed. `ImageSourceError` says nothing about an image, only
that it could not be had from where the settings say.
"""

from __future__ import annotations

from appliance.errors import DriveError, TajdeedError, TrustError


class ImageTrustError(TrustError):
    """The manifest or a frame is not what the organisation signed."""


class LayDownError(DriveError):
    """The drive did not take the image; nothing on it will boot."""


class LayDownStoppedError(LayDownError):
    """Somebody asked for a stop; what was written so far can be resumed."""


class ImageSourceError(TajdeedError):
    """A server or a second stick does not give what it should have."""
