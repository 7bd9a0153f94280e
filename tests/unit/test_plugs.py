"""A socket whose file is there before anybody listens is waited for, and no connection is left."""

import socket
import threading
import time
from pathlib import Path

import pytest

from imagebuilder.vm.plugs import connected


def test_who_listens_late_is_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "serial0"))

        def late() -> None:
            time.sleep(0.5)
            server.listen()

        thread = threading.Thread(target=late)
        thread.start()
        with connected(tmp_path / "serial0") as plug, server.accept()[0] as other:
            plug.sendall(b"x")
            assert other.recv(1) == b"x"
        thread.join()


def test_no_socket_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connected(tmp_path / "nothing")
