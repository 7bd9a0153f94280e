"""ATA commands without data, sent by ATA PASS-THROUGH: registers in, registers out.

The answer is read from the sense bytes that CK_COND asks for (SAT-5 12.2.5), in both of their
forms. The fixed one has no room for the upper halves of COUNT and LBA, so it is marked as not
`whole`: who needs those must not take a missing bit for a zero. Sends what it is told to,
decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.hardware.descriptor import scsi_command

_NON_DATA = 3
_EXTENDED, _CHECK_CONDITION = 1, 0x20
_ERROR = 0x01 | 0x20  # ERR and DEVICE FAULT of the STATUS register
_DESCRIPTOR, _FIXED = (0x72, 0x73), (0x70, 0x71)
_ATA_STATUS_RETURN = 0x09


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """The registers after a command (ACS-5 9.2). `whole`: COUNT and LBA have all their bits."""

    status: int
    error: int
    count: int
    lba: int
    whole: bool = True

    @property
    def failed(self) -> bool:
        return bool(self.status & _ERROR)


def no_data(
    fd: int,
    command: int,
    *,
    feature: int = 0,
    count: int = 0,
    lba: int = 0,
    timeout_ms: int = 15000,
) -> Registers:
    """A 48-bit command without data; OSError where no registers come back.

    An error that the drive reports itself is an answer: `Registers.failed`.
    """
    answer = scsi_command(
        fd, pass_through(command, feature=feature, count=count, lba=lba), 0, timeout_ms
    )
    if answer.host_status:
        raise OSError(5, f"ATA command {command:#x}: host status {answer.host_status:#x}")
    return registers(answer.sense)


def pass_through(command: int, *, feature: int, count: int, lba: int) -> bytes:
    """ATA PASS-THROUGH (16) (SAT-5 12.2.2.3): non-data protocol, 48 bits, CK_COND."""
    low = lba.to_bytes(6, "little")
    return bytes(
        (
            0x85,
            _NON_DATA << 1 | _EXTENDED,
            _CHECK_CONDITION,
            *feature.to_bytes(2, "big"),
            *count.to_bytes(2, "big"),
            *(low[3], low[0], low[4], low[1], low[5], low[2]),
            0x40,
            command,
            0,
        )
    )


def registers(sense: bytes) -> Registers:
    """Registers out of sense bytes of either form; OSError where there are none."""
    kind = sense[0] & 0x7F if sense else 0
    if kind in _DESCRIPTOR:
        return _from_descriptors(sense)
    if kind in _FIXED and len(sense) >= 12:
        # SAT-5 table 215: INFORMATION and COMMAND-SPECIFIC INFORMATION hold what fits.
        return Registers(
            error=sense[3],
            status=sense[4],
            count=sense[6],
            lba=int.from_bytes(sense[9:12], "little"),
            whole=False,
        )
    raise OSError(5, f"no ATA registers in sense {sense.hex() or 'that is empty'}")


def _from_descriptors(sense: bytes) -> Registers:
    at = 8
    while at + 2 <= len(sense):
        kind, length = sense[at], sense[at + 1]
        if kind == _ATA_STATUS_RETURN and length >= 12 and at + 14 <= len(sense):
            one = sense[at : at + 14]
            return Registers(
                error=one[3],
                count=one[4] << 8 | one[5],
                lba=int.from_bytes(
                    bytes((one[7], one[9], one[11], one[6], one[8], one[10])), "little"
                ),
                status=one[13],
            )
        at += 2 + length
    raise OSError(5, f"no ATA status return descriptor in sense {sense.hex()}")
