# SPDX-License-Identifier: Apache-2.0
import pathlib

import pytest

from cloud import Device, Server, program


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server a test file."""
    running = Server(tmp_path_factory.mktemp("cloud"))
    yield running
    assert running.stop() == 0, f"SIGTERM must end the server with 0: {running.log()[-3000:]}"


@pytest.fixture(scope="module")
def signed(server):
    """The server with a signing profile that new devices trust."""
    server.otabahn("signing", "create", "release")
    return server


@pytest.fixture
def make_device(signed, tmp_path):
    """Makes a thing and starts its agent on 1.0.0; all agents end with the test."""
    made = []

    def make(name: str, version: str = "1.0.0", start: bool = True, image: bytes = b"", server: Server = signed, flags=(), **keys) -> Device:
        folder = tmp_path / name
        server.otabahn("thing", "create", name, "--out", folder, *flags)
        device = Device(server, folder)
        device.set(**{"self_test_seconds": 1, **keys})
        first = tmp_path / f"{name}.factory"
        first.write_bytes(image or program(version))
        device.factory(first, version)
        made.append(device)
        if start:
            device.start()
        return device

    yield make
    for device in made:
        device.stop()


@pytest.fixture
def firmware(tmp_path):
    def write(version: str, body: str = "exec sleep 1000", pad: int = 0, name: str = "") -> pathlib.Path:
        path = tmp_path / (name or f"firmware-{version}")
        path.write_bytes(program(version, body, pad))
        return path
    return write
