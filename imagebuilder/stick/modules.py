"""Which kernel modules the stick's initramfs carries, in which order they load, for what.

USB host controllers and card readers are tried at once, by PCI alias; the drivers of internal
drives only when no stick came for seconds. Reads modules.dep and modules.alias of the root
(kmod's own tables); loads nothing.
"""

import lzma
from pathlib import Path

# Loaded while the USB bus is enumerated.
_BASE = [
    "loop",
    "squashfs",
    "overlay",
    "vfat",
    "nls_cp437",
    "nls_ascii",
    "nls_iso8859_1",
    "nls_utf8",
    "sd_mod",
    "usb_storage",
    "uas",
    "usbhid",
    "hid_generic",
]
# Bus drivers, and what comes with each of them.
_FIRST = [
    "xhci_pci",
    "xhci_pci_renesas",
    "ehci_pci",
    "uhci_hcd",
    "ohci_pci",
    "sdhci_pci",
    "rtsx_pci",
]
_LATER = ["ahci", "ata_piix", "nvme", "virtio_pci", "vmd"]
_TOGETHER = {
    "virtio_pci": ("virtio_blk", "virtio_scsi"),
    "sdhci_pci": ("mmc_block",),
    "rtsx_pci": ("rtsx_pci_sdmmc", "mmc_block"),
}


class Modules:
    """The module tree below `directory` (usr/lib/modules/VERSION)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path: dict[str, Path] = {}
        self._needs: dict[str, list[str]] = {}
        for line in (directory / "modules.dep").read_text().splitlines():
            file, _, needs = line.partition(":")
            self._path[_name(file)] = directory / file
            self._needs[_name(file)] = [_name(word) for word in needs.split()]
        built_in = (directory / "modules.builtin").read_text().splitlines()
        self._built_in = {_name(line) for line in built_in}

    def order(self, names: list[str]) -> list[str]:
        """The modules and what they need, each after its needs. Raises `KeyError` if unknown."""
        ordered: list[str] = []
        for name in names:
            if name in self._built_in:
                continue
            for needed in [*reversed(self._needs[name]), name]:
                if needed not in ordered:
                    ordered.append(needed)
        return ordered

    def aliases(self, name: str) -> list[str]:
        """The PCI device patterns that a module drives."""
        found = []
        for line in (self._directory / "modules.alias").read_text().splitlines():
            words = line.split()
            if len(words) == 3 and words[0] == "alias" and words[2].replace("-", "_") == name:
                found.append(words[1])
        return [alias for alias in found if alias.startswith("pci:")]

    def data(self, name: str) -> bytes:
        """The module itself, decompressed, its signature kept (the kernel checks it)."""
        path = self._path[name]
        raw = path.read_bytes()
        return lzma.decompress(raw) if path.suffix == ".xz" else raw


def initramfs_files(directory: Path) -> dict[str, bytes]:
    """File name to content for the initramfs's /lib/modules: modules, a list, two tables."""
    modules = Modules(directory)
    base = modules.order(_BASE)
    files = {"base.list": "".join(f"{name}\n" for name in base).encode()}
    wanted = set(base)
    for table, drivers in (("first.map", _FIRST), ("later.map", _LATER)):
        lines = []
        for driver in drivers:
            if driver in modules._built_in:
                continue
            loaded = modules.order([driver, *_TOGETHER.get(driver, ())])
            wanted.update(loaded)
            lines += [f"{alias} {' '.join(loaded)}\n" for alias in modules.aliases(driver)]
        files[table] = "".join(lines).encode()
    files.update({f"{name}.ko": modules.data(name) for name in wanted})
    return files


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1].partition(".ko")[0].replace("-", "_")
