"""What the frames of a signed image hold: decompressed, hashed, and which bytes are no holes.

One `Frames` for each image, used by several threads at once. A frame comes out of it only
when its SHA-256 is the signed one. Never reads a source and never touches a drive.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right

from appliance.imaging.errors import ImageTrustError
from appliance.imaging.manifest import FIRST_BYTES, Manifest
from appliance.model import ByteRange


class Frames:
    """The frames of one manifest. `holes`: whether zeros count as data that must be written."""

    def __init__(self, manifest: Manifest, *, holes: bool) -> None:
        self._manifest = manifest
        whole = (ByteRange(offset=0, length=manifest.disk_bytes),)
        self._extents = whole if holes else manifest.extents
        self._ends = [extent.end for extent in self._extents]
        self._zeros = bytes(manifest.frame_bytes)
        self._zero_sha = {
            length: hashlib.sha256(self._zeros[:length]).hexdigest()
            for length in {
                manifest.frame_range(0).length,
                manifest.frame_range(len(manifest.frames) - 1).length,
            }
        }

    def parts(self, number: int) -> tuple[ByteRange, ...]:
        """The ranges of the drive that a frame must be written to, without the first MiB."""
        frame = self._manifest.frame_range(number)
        start = max(frame.offset, FIRST_BYTES)
        found = []
        for extent in self._extents[bisect_right(self._ends, start) :]:
            if extent.offset >= frame.end:
                break
            begin, end = max(extent.offset, start), min(extent.end, frame.end)
            found.append(ByteRange(offset=begin, length=end - begin))
        return tuple(found)

    def unpack(self, number: int, data: bytes, view: memoryview) -> None:
        """Decompress a frame into a buffer of its length; ImageTrustError `image-frame-bad`
        unless it is the signed one."""
        import zstandard

        length = len(view)
        if self._is_hole(number, length):
            # Known zeros need neither to be decompressed nor to be hashed again.
            view[:] = memoryview(self._zeros)[:length]
            return
        filled = 0
        try:
            with zstandard.ZstdDecompressor().stream_reader(data) as reader:
                while filled < length and (count := reader.readinto(view[filled:])):
                    filled += count
                surplus = reader.read(1)
        except zstandard.ZstdError as error:
            raise self._bad(number, str(error)) from error
        if filled != length or surplus or not self.holds(number, view):
            raise self._bad(number, "SHA-256")

    def holds(self, number: int, view: memoryview) -> bool:
        """Whether these bytes are the frame's."""
        if self._is_hole(number, len(view)):
            # bytes compare by memcmp, memoryviews item by item (50 times slower).
            return self._zeros.startswith(view)
        return hashlib.sha256(view).hexdigest() == self._manifest.frames[number].sha256

    def _is_hole(self, number: int, length: int) -> bool:
        return self._manifest.frames[number].sha256 == self._zero_sha.get(length)

    def _bad(self, number: int, problem: str) -> ImageTrustError:
        return ImageTrustError(
            "image-frame-bad", image=self._manifest.profile, frame=number, problem=problem
        )
