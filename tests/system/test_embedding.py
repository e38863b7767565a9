# SPDX-License-Identifier: Apache-2.0
"""The updater in other people's programs: the examples are built out of tree against the installed library, and update
themselves from the server. The firmware of the Cortex-M3 runs on a board of QEMU, whose power is cut."""
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading

import paho.mqtt.client as paho
import pytest

from cloud import Device, program, until
from device_library import CORTEX_M, ROOT, build, install

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def embedding(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedding")
    return build(EXAMPLES / "embedding", folder / "built", f"-DCMAKE_PREFIX_PATH={install(folder)}")


@pytest.mark.parametrize("name, source", [("updater-c", "updater.c"), ("updater-cpp", "updater.cpp")])
def test_a_program_of_under_100_lines_embeds_the_updater(signed, embedding, tmp_path, name, source):
    assert len((EXAMPLES / "embedding" / source).read_text().splitlines()) < 100
    folder, stranger = tmp_path / name, source.replace(".", "_")
    signed.otabahn("thing", "create", name, "--out", folder)
    shutil.copy(folder / "trust" / "release.pem", folder / "trust.pem")
    (folder / "slot.0").write_bytes(program("1.0.0"))
    image = tmp_path / "image"
    image.write_bytes(program("1.1.0", pad=100_000))
    host, port = signed.endpoints["mqtt"].rsplit(":", 1)
    log = open(folder / "log", "wb")
    running = subprocess.Popen([embedding / name, folder, name, host, port], stdout=log, stderr=subprocess.STDOUT)
    try:
        said = lambda: (folder / "log").read_text()
        until(lambda: "slot 0 runs" in said(), 10, "the first image")
        signed.otabahn("deploy", image, "--to", f"thing/{name}", "--version", "1.1.0", "--name", name)
        assert "slot 1 runs" in said()
        assert (folder / "slot.1").read_bytes() == image.read_bytes()
        # Signed by somebody else.
        signed.otabahn("signing", "create", stranger)
        signed.otabahn("deploy", image, "--to", f"thing/{name}", "--version", "1.2.0", "--name", f"{name}-2", "--signing-profile", stranger, check=False)
        outcome = Device(signed, folder).outcome(f"{name}-2")
        assert outcome["status"] == "REJECTED" and outcome["details"]["reason"] == "signature-wrong", outcome
        assert running.poll() is None
    except AssertionError as failed:
        raise AssertionError(f"{failed}\n{(folder / 'log').read_text()[-2000:]}") from None
    finally:
        signed.boto("signer").cancel_signing_profile(profileName=stranger)
        running.kill()
        running.wait()
        log.close()


class Board:
    """QEMU's board, its boot loader, and the modem on its UART that speaks MQTT for it."""

    def __init__(self, server, folder: pathlib.Path):
        self.folder, self.notes, self.blocks, self.boots = folder, [], [0], []
        self.cut_at = None  # the power goes when so many blocks have come in one boot
        self.qemu = self.wire = None
        self.lock, self.stopping = threading.Lock(), False
        host, port = server.endpoints["mqtt"].rsplit(":", 1)
        self.mqtt = paho.Client(client_id="board", clean_session=True)
        self.mqtt.tls_set(folder / "root-ca.pem", str(folder / "certificate.pem"), str(folder / "private.key"))
        self.mqtt.on_message = lambda _client, _data, message: self.arrived(message)
        self.mqtt.connect(host, int(port))
        self.mqtt.loop_start()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def choose_slot(self) -> str:
        """As a boot loader does: a trial gets one boot; if nobody confirmed it, the other slot starts again."""
        boot = self.folder / "boot"
        slot, word = boot.read_text() if boot.exists() else "0c"
        if word == "t":
            boot.write_text(f"{slot}x")
        elif word == "x":
            slot = "1" if slot == "0" else "0"
            boot.write_text(f"{slot}c")
        (self.folder / "running").write_text(slot)
        (self.folder / "boot-id").write_bytes(os.urandom(16))
        return slot

    def run(self):
        while not self.stopping:
            slot = self.choose_slot()
            ear = socket.socket(socket.AF_UNIX)
            (self.folder / "uart").unlink(missing_ok=True)
            ear.bind(os.path.relpath(self.folder / "uart"))
            ear.listen()
            with open(self.folder / "qemu.log", "ab") as log:
                self.qemu = subprocess.Popen(["qemu-system-arm", "-M", "lm3s6965evb", "-display", "none", "-monitor", "none", "-serial", "chardev:uart", "-chardev",
                                              "socket,id=uart,path=uart", "-semihosting-config", "enable=on,target=native", "-kernel", f"slot.{slot}"],
                                             cwd=self.folder, stdout=log, stderr=log)
            ear.settimeout(10)
            wire = ear.accept()[0]
            ear.close()
            self.blocks.append(0)
            self.boots.append(slot)
            try:
                self.carry(wire, wire.makefile("rb"))
            except ConnectionResetError:
                pass  # the power went
            with self.lock:
                self.wire = None
            wire.close()
            self.qemu.wait()

    def carry(self, wire, stream):
        spoken = False
        while len(head := stream.read(8)) == 8:
            if not spoken:
                # Not before the board has spoken: until then its UART is not set up.
                spoken = True
                with self.lock:
                    self.wire = wire
                self.send(b"C")
            kind, qos, topic_size, payload_size = struct.unpack("<cBHI", head)
            topic, payload = stream.read(topic_size).decode(), stream.read(payload_size)
            if kind == b"N":
                self.notes.append(topic)
            elif kind == b"P":
                self.mqtt.publish(topic, payload, qos)
            elif kind == b"S":
                self.mqtt.subscribe(topic, qos)
            elif kind == b"U":
                self.mqtt.unsubscribe(topic)

    def arrived(self, message):
        if "/data/" in message.topic:
            with self.lock:
                if not self.wire:
                    return  # without power there is nobody whom it reaches
                self.blocks[-1] += 1
                if self.blocks[-1] == self.cut_at:
                    self.cut_at = self.wire = None
                    self.qemu.kill()
                    return
        self.send(b"M", message.topic.encode(), message.payload)

    def send(self, kind: bytes, topic: bytes = b"", payload: bytes = b""):
        with self.lock:
            if self.wire:
                try:
                    self.wire.sendall(struct.pack("<cBHI", kind, 0, len(topic), len(payload)) + topic + payload)
                except OSError:
                    pass  # the power went

    def stop(self):
        self.stopping = True
        if self.qemu:
            self.qemu.send_signal(signal.SIGKILL)
        self.thread.join(20)
        self.mqtt.loop_stop()
        self.mqtt.disconnect()

    def said(self) -> str:
        return f"boots {self.boots}, blocks {self.blocks}\n" + "\n".join(self.notes) + (self.folder / "qemu.log").read_text()


def test_firmware_of_a_cortex_m3_updates_itself_through_a_power_cut(signed, tmp_path):
    cpu = (CORTEX_M, "-DOTABAHN_CPU=cortex-m3")
    made = build(EXAMPLES / "cortex-m", tmp_path / "built", *cpu, f"-DCMAKE_PREFIX_PATH={install(tmp_path, *cpu)}")
    folder = tmp_path / "board"
    signed.otabahn("thing", "create", "board", "--out", folder)
    shutil.copy(folder / "trust" / "release.pem", folder / "trust.pem")
    shutil.copy(made / "firmware-1.0.0", folder / "slot.0")
    blocks = -(-(made / "firmware-1.1.0").stat().st_size // 1024)
    board = Board(signed, folder)
    try:
        board.cut_at = blocks // 2
        until(lambda: "firmware 1.0.0" in board.notes, 20, "the first firmware")
        signed.otabahn("deploy", made / "firmware-1.1.0", "--to", "thing/board", "--version", "1.1.0", "--name", "board-1", timeout=60)
        # Cut in the old firmware, resumed there; the new one ran on trial and confirmed itself.
        assert board.boots == ["0", "0", "1"] and "firmware 1.1.0" in board.notes, board.said()
        assert (folder / "boot").read_text() == "1c"
        assert (folder / "slot.1").read_bytes() == (made / "firmware-1.1.0").read_bytes()
        before, after = board.blocks[1:3]
        window = 4
        assert before == blocks // 2 and blocks <= before + after <= blocks + 2 * window, board.said()

        # A firmware that does not pass its self-test: the board comes back with the old one.
        signed.otabahn("deploy", made / "firmware-1.2.0", "--to", "thing/board", "--version", "1.2.0", "--name", "board-2", check=False, timeout=60)
        outcome = Device(signed, folder).outcome("board-2")
        assert outcome["status"] == "FAILED" and outcome["details"]["reason"] == "self-test" and outcome["details"]["version"] == "1.1.0", outcome
        assert board.boots == ["0", "0", "1", "0", "1"] and "firmware 1.2.0" in board.notes, board.said()
        print(f"{blocks} blocks; {before} before the power cut, {after} after it; boots {board.boots}")
    except (AssertionError, subprocess.TimeoutExpired) as failed:
        raise AssertionError(f"{failed}\n{board.said()}") from None
    finally:
        board.stop()
