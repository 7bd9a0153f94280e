"""Given drives that tempt, when nobody consents, then no bit of them changes; and the kernel
refuses a worker every drive but its own."""

import time
from pathlib import Path

import pytest

from imagebuilder.demo.donated import AWKWARD, DECOY, NVME, SATA
from imagebuilder.vm import Machine
from tests.vm.workshop import SERIALS, Workshop, digests, donated, node_of

pytestmark = pytest.mark.timeout(1800)

_CONFINED = """\
import sys
sys.path += ["/usr/lib/tajdeed", "/usr/lib/tajdeed/vendor", "/usr/lib/python3/dist-packages"]
from appliance.tools import systemd
allowed, script = sys.argv[1:]
properties = systemd.worker_properties([allowed], writable=(), readable=())
words = [word for item in properties for word in ("--property", item)]
import subprocess
done = subprocess.run(["systemd-run", "--quiet", "--collect", "--wait", "--pipe", *words, "--",
                       "sh", "-c", script])
sys.exit(done.returncode)
"""


@pytest.mark.parametrize(
    "minutes", [2, pytest.param(10, marks=pytest.mark.full)], ids=["2-minutes", "10-minutes"]
)
def test_waiting_changes_no_bit_of_any_disk(
    workshop: Workshop, tmp_path: Path, minutes: int
) -> None:
    stick = workshop.stick(tmp_path, station=workshop.station(), mode="tui")
    drives = list(workshop.drives(tmp_path / "disks", SATA, NVME, DECOY, AWKWARD).values())
    before = digests(drives)
    with Machine(donated("bios", stick, drives), tmp_path / "pc") as machine:
        machine.shell.ready(400)
        deadline = time.monotonic() + 300
        # A busy machine takes more than a minute to detect everything once more.
        while machine.shell.run("tajdeed plan --json >/run/plan.json", 300)[0]:
            assert time.monotonic() < deadline, "no plan came"
            time.sleep(1)
        time.sleep(minutes * 60)
        machine.screenshot(tmp_path / "consent.png")
        for serial in SERIALS.values():
            machine.shell.check(f"grep -q {serial} /run/plan.json")
        # Members of arrays are recognised without assembling anything.
        machine.shell.check("grep -q 'Linux md' /run/plan.json && grep -q LVM /run/plan.json")
        assert_untouched_by_the_system(machine)
        assert_worker_is_confined(machine)
    assert digests(drives) == before


def assert_untouched_by_the_system(machine: Machine) -> None:
    """Nothing of any drive is mounted, assembled, swapped to, or writable."""
    for serial in SERIALS.values():
        node = node_of(machine, serial)
        assert machine.shell.check(f"blockdev --getro {node}") == "1", serial
        assert machine.shell.run(f"dd if=/dev/zero of={node} bs=512 count=1 conv=fsync")[0]
        assert machine.shell.run(f"grep ^{node} /proc/mounts /proc/swaps")[0] == 1
    assert machine.shell.check("ls /sys/block | grep -E '^(md|dm-)' || echo none") == "none"


def assert_worker_is_confined(machine: Machine) -> None:
    """A worker of one drive reads that one; any other, by any name, is refused by the kernel."""
    own, other = (node_of(machine, SERIALS[name]) for name in (SATA, AWKWARD))
    machine.shell.check(f"cat >/run/confined.py <<'END'\n{_CONFINED}END")
    confined = f"python3 -I /run/confined.py {own}"
    read = "dd of=/dev/null bs=4096 count=1 iflag=direct if="
    assert machine.shell.run(f"{confined} '{read}{own}'")[0] == 0
    number = machine.shell.check(f"cat /sys/class/block/{other.rpartition('/')[2]}/dev")
    major, minor = number.split(":")
    made = f"mknod /tmp/other b {major} {minor} && {read}/tmp/other"
    for attempt in (f"{read}{other}", made):
        status, text = machine.shell.run(f"{confined} '{attempt}'")
        assert status and "Operation not permitted" in text, text
