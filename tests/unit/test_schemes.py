"""Overwrite schemes on real block devices: what each pass wrote, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import schemes
from appliance.erasure.methods import overwrite
from appliance.erasure.site import Site
from appliance.erasure.stream import Keystream
from appliance.job.fold import proven
from appliance.model import Drive, Level, MethodOption, Policy, Scheme
from tests.unit.faultydisk import Faults, faulty_disk
from tests.unit.machines import disk, namespace, nvme, nvme_facts

MIB = 1 << 20
SIZE = 6 * MIB
OPTION = MethodOption(method="overwrite", level=Level.CLEAR)
CONTRACT = Scheme(name="contract", passes=("byte-5a", "complement", "zeros"), verify="all")


class _Bench(Site):
    """A site on disks of the test's own, which have no identity that could be asked for."""

    def confirm_identity(self) -> int:
        return self.drive.size_bytes


@contextmanager
def at_work(
    tmp_path: Path,
    drive: Drive,
    policy: Policy,
    faults: Faults | None = None,
) -> Iterator[tuple[Site, list[Path], list[tuple[str, dict[str, Any]]]]]:
    said: list[tuple[str, dict[str, Any]]] = []
    devices, opened = [], []
    with ExitStack() as stack:
        for number, part in enumerate(drive.parts):
            folder = tmp_path / str(number)
            folder.mkdir()
            device = stack.enter_context(
                faulty_disk(folder, part.size_bytes, faults or Faults(), old_data=b"OLD!" * 1024)
            )
            devices.append(device)
            opened.append(os.open(device, os.O_RDWR | os.O_DIRECT))
        try:
            yield (
                _Bench(
                    fd=opened[0],
                    others=tuple(opened[1:]),
                    drive=drive,
                    policy=policy,
                    cipher="chacha20",
                    say=lambda event, **data: said.append((event, data)),
                    progress=lambda phase, headway: None,
                ),
                devices,
                said,
            )
        finally:
            for fd in opened:
                os.close(fd)


@pytest.mark.parametrize("scheme", [*schemes.SCHEMES, CONTRACT], ids=lambda one: one.name)
def test_every_pass_is_done_verified_as_asked_and_named(tmp_path: Path, scheme: Scheme) -> None:
    drive, policy = disk(size_bytes=SIZE), Policy(scheme=scheme)
    with at_work(tmp_path, drive, policy) as (site, devices, said):
        attempt = overwrite.perform(site, OPTION)
        content = devices[0].read_bytes()
    assert attempt.result == "done" and attempt.scheme == scheme.name
    assert [one.name for one in attempt.passes] == list(schemes.resolved(scheme.passes))
    assert all(one.written_bytes == SIZE for one in attempt.passes)
    verified = [one.verified for one in attempt.passes]
    assert verified == [scheme.verify == "all"] * (len(verified) - 1) + [True]
    assert proven(attempt, drive, policy) is Level.CLEAR
    # Done by another scheme than the policy's, it proves nothing.
    other = Policy(scheme=Scheme(name="other", passes=("ones", *scheme.passes)))
    assert proven(attempt, drive, other) is Level.NONE
    if attempt.stream is not None:
        assert content == Keystream.of(attempt.stream).block(0, SIZE)
        # On record before the first byte was written.
        started = [data for event, data in said if event == "pass-started"]
        assert started[-1]["stream"]["seed"] == attempt.stream.seed
    else:
        assert content == bytes([schemes.byte_of(attempt.passes[-1].name)]) * SIZE


def test_a_pass_that_was_not_finished_is_no_pass(tmp_path: Path) -> None:
    drive, policy = disk(size_bytes=SIZE), Policy(scheme=schemes.SCHEMES[2])
    faults = Faults(bad_writes=((2 * MIB, 4096),))
    with at_work(tmp_path, drive, policy, faults) as (site, _devices, _said):
        attempt = overwrite.perform(site, OPTION)
    assert attempt.result == "failed" and proven(attempt, drive, policy) is Level.NONE
    write_errors = [reason for reason in attempt.reasons if reason.code == "write-errors"]
    assert write_errors and write_errors[0].facts["blocks"] == 8


def test_namespaces_are_overwritten_as_one_drive(tmp_path: Path) -> None:
    sizes = (3 * MIB, MIB, 2 * MIB)
    facts = nvme_facts(*(namespace(n, size_bytes=size) for n, size in enumerate(sizes, 1)))
    drive, policy = nvme(facts=facts), Policy()
    with at_work(tmp_path, drive, policy) as (site, devices, _said):
        attempt = overwrite.perform(site, OPTION)
        content = b"".join(device.read_bytes() for device in devices)
    assert attempt.stream is not None
    assert content == Keystream.of(attempt.stream).block(0, sum(sizes))
    assert proven(attempt, drive, policy) is Level.CLEAR
    assert proven(replace(attempt, checks=()), drive, policy) is Level.NONE
    assert attempt.checks[0].read_bytes == sum(sizes) and attempt.checks[0].detail["parts"] == 3


def test_bad_blocks_of_a_later_namespace_are_counted_from_the_drives_first_byte(
    tmp_path: Path,
) -> None:
    sizes = (3 * MIB, 3 * MIB)
    facts = nvme_facts(*(namespace(n, size_bytes=size) for n, size in enumerate(sizes, 1)))
    drive, policy = nvme(facts=facts), Policy()
    faults = Faults(bad_writes=((MIB, 512),))
    with at_work(tmp_path, drive, policy, faults) as (site, _devices, _said):
        attempt = overwrite.perform(site, OPTION)
    assert [error.range.offset for error in attempt.errors] == [MIB, 4 * MIB]
    assert attempt.result == "failed"
