"""One central server for the tests that only send to it; own ones for those that stop it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imagebuilder.catalogues import compile_catalogues
from tests.web.server import Server


@pytest.fixture(scope="session", autouse=True)
def catalogues() -> None:
    """The tree's own catalogues: without them the servers' pages would be English."""
    compile_catalogues()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("central") / "data")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "own")
    running.start()
    yield running
    running.stop()
