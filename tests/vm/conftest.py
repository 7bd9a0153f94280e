"""What whole-machine tests share: one office with a running server, one small image, one stick."""

from collections.abc import Iterator

import pytest

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.demo.office import Office
from tests.vm.workshop import Workshop, make_workshop


@pytest.fixture(scope="session", autouse=True)
def catalogues() -> None:
    """Texts that a screen must show are looked up here, too."""
    compile_catalogues()


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    directory = tmp_path_factory.mktemp("workshop")
    with Office(directory / "office") as office:
        yield make_workshop(directory, office)
