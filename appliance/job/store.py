"""Where things lie on the stick: one table of paths, and the jobs' folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.erasure.planning import IMAGE_MOUNTS
from appliance.imaging.relay import RELAY_DIR

STATE = Path("/var/lib/tajdeed")
RUN = Path("/run/tajdeed")
SECOND = Path(IMAGE_MOUNTS)
_BROKEN = ".broken"


@dataclass(frozen=True, slots=True)
class Store:
    """The stick's state (`root`, on ext4) and what is gone at the next boot (`run`); where the
    courier passes images on (`relay`), and where other sticks with images are mounted."""

    root: Path = STATE
    run: Path = RUN
    relay: Path = Path(RELAY_DIR)
    second: Path = SECOND

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def station(self) -> Path:
        return self.root / "station"

    @property
    def trust(self) -> Path:
        return self.root / "trust"

    @property
    def image_keys(self) -> Path:
        return self.root / "trust/image-keys"

    def trusted_image_keys(self) -> tuple[bytes, ...]:
        """The organisation's image keys (PEM), from the ext4 partition only."""
        return tuple(file.read_bytes() for file in sorted(self.image_keys.glob("*.pem")))

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def statements(self) -> Path:
        return self.root / "statements"

    @property
    def courier(self) -> Path:
        return self.root / "courier"

    @property
    def images(self) -> Path:
        return self.run / "data/images"

    @property
    def copies(self) -> Path:
        """Reading copies waiting to be put on the stick's FAT partition."""
        return self.root / "copies"

    @property
    def certificates(self) -> Path:
        """What a PC of the office finds on the stick's FAT partition."""
        return self.run / "data/certificates"

    def job_log(self, job: str) -> Path:
        return self.jobs / job / "job.log"

    def drive_log(self, job: str, key: str, kind: str) -> Path:
        return self.jobs / job / f"{key}.{kind}.log"

    def task(self, job: str, key: str, kind: str) -> Path:
        return self.jobs / job / f"{key}.{kind}.task.json"

    def progress(self, job: str, key: str, kind: str) -> Path:
        return self.run / "progress" / f"{job}.{key}.{kind}.json"

    @property
    def psids(self) -> Path:
        """Of self-encrypting drives, by drive key; gone at the next boot."""
        return self.run / "psids"

    def job_ids(self) -> tuple[str, ...]:
        """Jobs that have a log, in the order in which they were begun."""
        logs = sorted(
            self.jobs.glob("*/job.log"), key=lambda log: (log.parent.stat().st_ctime, log)
        )
        return tuple(log.parent.name for log in logs if log.parent.suffix != _BROKEN)

    def broken_job(self, job: str) -> Path:
        """Where a job that cannot be gone on with is set aside."""
        return self.jobs / f"{job}{_BROKEN}"

    def broken_jobs(self) -> tuple[Path, ...]:
        return tuple(sorted(self.jobs.glob(f"*{_BROKEN}")))

    def unsigned(self, job: str, name: str) -> Path:
        """A record that could not be signed, beside the job's logs."""
        return self.jobs / job / f"{name}.json"
