"""Archives in the form that the kernel unpacks as initramfs ("newc", cpio(5)).

Deterministic: inode numbers count up, times are 0, everything belongs to root.
"""

import stat

_MAGIC = "070701"


class Cpio:
    """An archive that grows by files, directories, links and device nodes."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._inode = 0
        self._directories: set[str] = set()

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """A regular file; the directories above it are added if they are not there yet."""
        self._above(path)
        self._entry(path, stat.S_IFREG | mode, content)

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        self._above(path)
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def directory(self, path: str) -> None:
        """A directory and those above it."""
        self._above(path)
        if path not in self._directories:
            self._directories.add(path)
            self._entry(path, stat.S_IFDIR | 0o755, b"")

    def character_device(self, path: str, major: int, minor: int) -> None:
        """A character device node."""
        self._above(path)
        self._entry(path, stat.S_IFCHR | 0o600, b"", (major, minor))

    def archive(self) -> bytes:
        """The whole archive, closed by its trailer."""
        self._entry("TRAILER!!!", 0, b"")
        return bytes(self._data) + b"\0" * (-len(self._data) % 512)

    def _above(self, path: str) -> None:
        parent = path.rpartition("/")[0]
        if parent:
            self.directory(parent)

    def _entry(
        self, path: str, mode: int, content: bytes, device: tuple[int, int] = (0, 0)
    ) -> None:
        self._inode += 1
        name = path.encode() + b"\0"
        fields = (
            *(self._inode, mode, 0, 0, 1, 0, len(content), 0, 0),
            *(device[0], device[1], len(name), 0),
        )
        self._data += (_MAGIC + "".join(f"{field:08X}" for field in fields)).encode() + name
        self._data += b"\0" * (-len(self._data) % 4)
        self._data += content
        self._data += b"\0" * (-len(self._data) % 4)
