"""SATA as the guest's ahci driver sees it: an AHCI 1.3.1 host bus adapter as a PCI function.

Each port holds an `AtaDrive` or nothing. One command at a time per port (no NCQ); soft reset,
COMRESET, task file errors and surprise removal are there, power management is not.
"""

from __future__ import annotations

import struct
from typing import ClassVar

from tests.drivelab.ata import AtaDrive, Reset
from tests.drivelab.atacommand import DATA_OUT, PIO_IN, Taskfile
from tests.drivelab.media import Buffer
from tests.drivelab.vfiouser import INTX, MSI, PciFunction

# PxIS: register FIS, PIO setup, connect change, PhyRdy change, task file error.
_DHRS, _PSS, _PCS, _PRCS, _TFES = 1, 1 << 1, 1 << 6, 1 << 22, 1 << 30
# PxCMD
_ST, _SUD, _POD, _CLO, _FRE, _FR, _CR, _HPCP = 1, 2, 4, 8, 1 << 4, 1 << 14, 1 << 15, 1 << 18
# PxSERR.DIAG: PhyRdy changed, device exchanged.
_PHY_CHANGED, _EXCHANGED = 1 << 16, 1 << 26
_BUSY_OR_DRQ = 0x88
_NO_DEVICE, _BUSY = 0x7F, 0x80
_SIGNATURE_ATA = 0x00000101
_HBA_RESET, _INTERRUPTS, _AHCI_ENABLED = 1, 2, 1 << 31
_PORTS_AT, _PORT_BYTES = 0x100, 0x80
_IDS = (0x8086, 0x2922)  # Intel ICH9, which every guest knows


class Port:
    """One port's registers, its link, and the command under way."""

    def __init__(self, adapter: Adapter, drive: AtaDrive | None) -> None:
        self._adapter = adapter
        self.drive = drive
        self._command_list = self._received_fis = 0
        self._enabled_interrupts = self._interrupts = 0
        self._command = self._control = self._error = self._active = self.issued = 0
        self._task_file, self._signature = _NO_DEVICE, 0xFFFFFFFF
        self._linked = False
        self._epoch = 0
        self._slot: int | None = None
        self._stopped = False  # after an error, until the driver clears ST
        self._held: Taskfile | None = None  # for when it may be received
        if drive is not None:
            drive.unplug = self.unplug
            drive.plug = lambda: self.plug(drive)
            self._link_up()

    @property
    def interrupts(self) -> int:
        """PxIS; two of its bits only mirror PxSERR."""
        found = self._interrupts
        found |= _PCS if self._error & _EXCHANGED else 0
        return found | (_PRCS if self._error & _PHY_CHANGED else 0)

    @property
    def pending(self) -> bool:
        return bool(self.interrupts & self._enabled_interrupts)

    def read(self, offset: int) -> int:
        match offset:
            case 0x00 | 0x04:
                return self._command_list >> 8 * offset & 0xFFFFFFFF
            case 0x08 | 0x0C:
                return self._received_fis >> 8 * (offset - 8) & 0xFFFFFFFF
            case 0x10:
                return self.interrupts
            case 0x14:
                return self._enabled_interrupts
            case 0x18:
                return self._command | _HPCP | (self._slot or 0) << 8
            case 0x20:
                return self._task_file
            case 0x24:
                return self._signature
            case 0x28:  # SStatus: offline, nothing there, or linked at 6 Gb/s
                return 4 if self._control & 15 == 4 else 0x133 if self._linked else 0
            case 0x2C:
                return self._control
            case 0x30:
                return self._error
            case 0x34:
                return self._active
            case 0x38:
                return self.issued
        return 0

    def write(self, offset: int, value: int) -> None:
        match offset:
            case 0x00 | 0x04:
                self._command_list = _half(self._command_list, offset, value)
            case 0x08 | 0x0C:
                self._received_fis = _half(self._received_fis, offset - 8, value)
            case 0x10:
                self._interrupts &= ~value
            case 0x14:
                self._enabled_interrupts = value
                self._adapter.update()
            case 0x18:
                self._write_command(value)
            case 0x2C:
                self._write_control(value)
            case 0x30:
                self._error &= ~value
            case 0x34:
                self._active |= value
            case 0x38:
                if self._command & _ST:
                    self.issued |= value
                    self._next()

    # --- link

    def _link_up(self) -> None:
        self._linked = True
        self._error |= _EXCHANGED
        self._task_file, self._signature = _BUSY, _SIGNATURE_ATA
        self._register_fis(_signature_fis(), interrupt=False)

    def unplug(self) -> None:
        """Pull the drive: the command under way is never answered.

        It stays in PxCI until the driver stops the list: a bit that went out by itself would
        say that it has been done.
        """
        if self.drive is not None:
            self.drive.note("vanished")
        self.drive = None
        self._epoch += 1
        self._linked = False
        self._task_file, self._signature = _NO_DEVICE, 0xFFFFFFFF
        self._error |= _PHY_CHANGED
        self._adapter.update()

    def plug(self, drive: AtaDrive) -> None:
        """Put a drive in; the driver learns of it by its interrupt."""
        with self._adapter.lock:
            drive.note("plugged in")
            drive.reset("power")
            self.drive = drive
            self._error |= _PHY_CHANGED
            self._link_up()
            self._adapter.update()

    def retire(self) -> AtaDrive | None:
        """Hand the drive over to the port that follows: no answer goes to this one any more."""
        drive, self.drive = self.drive, None
        self._forget_commands()
        return drive

    def _forget_commands(self) -> None:
        self._epoch += 1
        self.issued = self._active = 0
        self._slot, self._stopped = None, False

    def _write_control(self, value: int) -> None:
        before, self._control = self._control & 15, value
        if before != 1 and value & 15 == 1:  # COMRESET begins
            self._forget_commands()
            self._linked = False
            self._task_file = _NO_DEVICE
            if self.drive is not None:
                self._task_file = _BUSY
                self.drive.reset("hard")
        elif before in (1, 4) and value & 15 == 0 and self.drive is not None:
            self._link_up()
            self._adapter.update()

    def _write_command(self, value: int) -> None:
        if self._command & _ST and not value & _ST:
            self._forget_commands()
        if value & _CLO:
            self._task_file &= ~_BUSY_OR_DRQ
        running = (_FR if value & _FRE else 0) | (_CR if value & _ST else 0)
        self._command = value & (_ST | _SUD | _POD | _FRE | 0x0FF00000) | running
        if value & _FRE and self._held is not None:
            held, self._held = self._held, None
            self._register_fis(held, interrupt=False)
        self._next()

    # --- commands

    def _next(self) -> None:
        """Begin the lowest command that waits, if the port is free for one."""
        while (
            self._command & _ST
            and self.issued
            and self._slot is None
            and not self._stopped
            and self._linked
            and not self._task_file & _BUSY_OR_DRQ
        ):
            self._begin((self.issued & -self.issued).bit_length() - 1)

    def _begin(self, slot: int) -> None:
        drive = self.drive
        if drive is None:
            return
        header = self._adapter.guest(self._command_list + 32 * slot, 32)
        flags, _, table_at = struct.unpack_from("<IIQ", header)
        regions = flags >> 16
        table = self._adapter.guest(table_at, 0x80 + 16 * regions)
        fis = bytes(table[:20])
        if not fis[1] & 0x80:  # the control register: soft reset
            self.issued &= ~(1 << slot)
            if fis[15] & 4:
                drive.reset("soft")
            else:
                self._register_fis(_signature_fis(), interrupt=False)
            return
        task = Taskfile(
            command=fis[2],
            feature=fis[3] | fis[11] << 8,
            count=fis[12] | fis[13] << 8,
            lba=int.from_bytes(fis[4:7] + fis[8:11], "little"),
            device=fis[7],
        )

        def parts() -> list[memoryview]:
            # Looked at only for data: SeaBIOS calls "no data" a write of 4 MiB at address 0.
            found = []
            for number in range(regions):
                address, _, length = struct.unpack_from("<QII", table, 0x80 + 16 * number)
                found.append(self._adapter.guest(address, (length & 0x3FFFFF) + 1))
            return found

        to_drive = b"".join(parts()) if task.command in DATA_OUT else b""
        self._slot = slot
        self._task_file = _BUSY | 0x50
        epoch = self._epoch

        def done(answer: Buffer) -> None:
            with self._adapter.lock:
                if epoch == self._epoch and self.drive is drive:
                    moved = _scatter(parts(), answer) if len(answer) else len(to_drive)
                    struct.pack_into("<I", header, 4, moved)
                    self._end(slot, task, len(answer))

        drive.submit(task, to_drive, done)

    def _end(self, slot: int, task: Taskfile, answered: int) -> None:
        failed = bool(task.status & 1)
        if answered and not failed and task.command in PIO_IN:
            self._pio_fis(task, answered)
            self._interrupts |= _PSS
        else:
            self._register_fis(task, interrupt=True)
            self._interrupts |= _DHRS | (_TFES if failed else 0)
        if failed:
            self._stopped = True  # the command stays in PxCI until the driver stops the list
        else:
            self._slot = None
            self.issued &= ~(1 << slot)
        self._adapter.update()
        self._next()

    def _register_fis(self, task: Taskfile, *, interrupt: bool) -> None:
        if not self._command & _FRE:
            self._held, self._task_file = task, _BUSY
            return
        self._task_file = task.status | task.error << 8
        lba = task.lba.to_bytes(6, "little")
        head = bytes((0x34, 0x40 if interrupt else 0, task.status, task.error))
        body = lba[:3] + bytes((task.device,)) + lba[3:] + b"\0"
        self._receive(0x40, head + body + struct.pack("<H", task.count) + bytes(6))

    def _pio_fis(self, task: Taskfile, length: int) -> None:
        self._task_file = task.status
        lba = task.lba.to_bytes(6, "little")
        head = bytes((0x5F, 0x60, 0x58, 0)) + lba[:3] + bytes((task.device,)) + lba[3:]
        tail = struct.pack("<BHBBHH", 0, task.count, 0, task.status, length & 0xFFFF, 0)
        self._receive(0x20, head + tail)

    def _receive(self, offset: int, fis: bytes) -> None:
        if self._received_fis:
            self._adapter.guest(self._received_fis + offset, len(fis))[:] = fis


class Adapter(PciFunction):
    """The host bus adapter: BAR 5, one MSI vector or INTx, a port for each drive."""

    regions: ClassVar = {5: 0x1000}
    vectors: ClassVar = {INTX: 1, MSI: 1}

    def __init__(self, drives: list[AtaDrive | None]) -> None:
        found = [drive for drive in drives if drive is not None]
        super().__init__(found[0].lock, config_bytes=256)
        for drive in found:
            drive.lock = self.lock
        command = struct.pack("<H", 0x0407)
        self.put_config(0x00, struct.pack("<HHHHBBBB", *_IDS, 0, 0x10, 2, 1, 6, 1))
        self.put_config(0x04, bytes(2), command)
        self.put_config(0x24, bytes(4), struct.pack("<I", 0xFFFFF000))
        self.put_config(0x2C, struct.pack("<HH", *_IDS))
        self.put_config(0x34, b"\x50")
        self.put_config(0x3C, b"\0\1", b"\xff")
        self.put_config(
            0x50,
            struct.pack("<BBHIIH", 5, 0, 0x80, 0, 0, 0),
            struct.pack("<BBHIIH", 0, 0, 1, 0xFFFFFFFC, 0xFFFFFFFF, 0xFFFF),
        )
        # 32 slots, AHCI only, 6 Gb/s, command list override, 64-bit addresses.
        self._capabilities = len(drives) - 1 | 31 << 8 | 1 << 18 | 3 << 20 | 1 << 24 | 1 << 31
        self._control = _AHCI_ENABLED
        self._status = 0
        self.ports: list[Port] = []
        self.ports = [Port(self, drive) for drive in drives]

    def update(self) -> None:
        """Raise the interrupt for what the ports have to say."""
        self._status |= sum(1 << number for number, port in enumerate(self.ports) if port.pending)
        self.line(bool(self._control & _INTERRUPTS and self._status))

    def read(self, region: int, offset: int, length: int) -> bytes:
        word = offset & ~3
        if word >= _PORTS_AT:
            number, register = divmod(word - _PORTS_AT, _PORT_BYTES)
            value = self.ports[number].read(register) if number < len(self.ports) else 0
        else:
            value = {
                0x00: self._capabilities,
                0x04: self._control,
                0x08: self._status,
                0x0C: (1 << len(self.ports)) - 1,
                0x10: 0x00010301,
            }.get(word, 0)
        shifted = value >> 8 * (offset & 3) & (1 << 8 * length) - 1
        return shifted.to_bytes(length, "little")

    def write(self, region: int, offset: int, data: bytes) -> None:
        value = int.from_bytes(data, "little")
        if offset >= _PORTS_AT:
            number, register = divmod(offset - _PORTS_AT, _PORT_BYTES)
            if number < len(self.ports):
                self.ports[number].write(register, value)
        elif offset == 0x04:
            if value & _HBA_RESET:
                self._restart("hard")
            else:
                self._control = value & _INTERRUPTS | _AHCI_ENABLED
                self.update()
        elif offset == 0x08:
            self._status &= ~value
            self.update()  # what still waits interrupts again

    def reset(self) -> None:
        """Of the PCI function: the machine was reset or slept, and the drives had no power."""
        self._restart("power")

    def _restart(self, kind: Reset) -> None:
        self._control, self._status = _AHCI_ENABLED, 0
        self.line(False)
        drives = [port.retire() for port in self.ports]
        for drive in drives:
            if drive is not None:
                drive.reset(kind)
        self.ports = [Port(self, drive) for drive in drives]


def _signature_fis() -> Taskfile:
    """What an ATA drive says after a reset."""
    return Taskfile(command=0, count=1, lba=1, device=0, error=1)


def _half(register: int, offset: int, value: int) -> int:
    """A 64-bit register whose lower or (offset 4) upper half was written."""
    if offset:
        return register & 0xFFFFFFFF | value << 32
    return register & ~0xFFFFFFFF | value


def _scatter(parts: list[memoryview], data: Buffer) -> int:
    """Data into the guest's buffers; how many bytes."""
    view = memoryview(data)
    done = 0
    for part in parts:
        step = min(len(part), len(view) - done)
        part[:step] = view[done : done + step]
        done += step
    return done
