# SPDX-License-Identifier: Apache-2.0
"""What the conversations share: an agent as a process over real TLS, a real Mosquitto, and a scripted cloud."""
import base64
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from mosquitto_cloud import THING, Cloud, Mosquitto, Pki, document

AGENT = None


def main():
    """usage: FILE OTABAHN_DEVICE [unittest's arguments]"""
    global AGENT
    AGENT = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__", verbosity=2)


def program(version, ends_with=None, size=0):
    """An image that is a shell script: it writes what it is to a file, and runs on."""
    body = f"""#!/bin/sh
echo "{version} $OTABAHN_SLOT $OTABAHN_VERSION $OTABAHN_PARAM_MOTD" >> ran
{'exit ' + str(ends_with) if ends_with is not None else 'exec sleep 1000'}
"""
    filler = random.Random(version).randbytes(size) if size else b""
    return body.encode() + b"#" + base64.b64encode(filler) + b"\n"


class Device:
    def __init__(self, pki, folder, port, **settings):
        self.folder = pathlib.Path(folder)
        (self.folder / "trust").mkdir(parents=True)
        cert, key = pki.certificate("device")
        values = {"thing_name": THING, "endpoint": f"localhost:{port}", "certificate": str(cert), "private_key": str(key), "root_ca": str(pki.ca[0]),
                  "trust": "trust", "state": "state", "slot_bytes": 32 * 1024 * 1024, "self_test_seconds": 1, **settings}
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
        (self.folder / "device.toml").write_text("\n".join(lines) + "\n")
        self.process, self.environment = None, {}

    def trust(self, certificate, name="signer.pem"):
        (self.folder / "trust" / name).write_bytes(pathlib.Path(certificate).read_bytes())

    def command(self, verb, *more):
        return subprocess.run([AGENT, verb, "--config", self.folder / "device.toml", *more], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **self.environment})

    def factory(self, image, version="1.0.0"):
        file = self.folder / "first.image"
        file.write_bytes(image)
        return self.command("factory", "--image", str(file), "--version", version)

    def start(self):
        self.log = open(self.folder / "agent.log", "a")
        self.process = subprocess.Popen([AGENT, "run", "--config", str(self.folder / "device.toml")], stderr=self.log, stdout=self.log,
                                        env={**os.environ, **self.environment})

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            return self.process.wait(20)
        return None

    def status(self):
        return json.loads(self.command("status").stdout)

    def ran(self):
        file = self.folder / "ran"
        return file.read_text().split("\n")[:-1] if file.exists() else []

    def text(self):
        return (self.folder / "agent.log").read_text()

    def running(self):
        """Command lines of processes that run in this device's folder."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or self.process and entry.name == str(self.process.pid):
                continue
            try:
                words = (entry / "cmdline").read_bytes()
                if os.readlink(entry / "cwd") == str(self.folder.resolve()) and words and AGENT.encode() not in words:
                    found.append(words)
            except OSError:
                continue
        return found


class AgentCase(unittest.TestCase):
    environment = {}

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="otabahn-device-")
        self.root = pathlib.Path(self.temporary.name)
        self.pki = Pki(self.root / "pki")
        self.broker = Mosquitto(self.pki, self.root)
        self.cloud = Cloud(self.pki, self.broker.port)
        self.signer = self.pki.certificate("signer", self_signed=True)
        self.devices = []

    def tearDown(self):
        failed = any(test is self for test, _ in self._outcome.result.failures + self._outcome.result.errors)
        for device in self.devices:
            device.stop()
            if failed:
                print(device.text(), file=sys.stderr)
        self.cloud.stop()
        self.broker.stop()
        self.temporary.cleanup()

    def device(self, image=None, port=None, before_factory=lambda folder: None, **settings):
        """`before_factory` makes what the settings speak of, in the device's folder."""
        device = Device(self.pki, self.root / f"device{len(self.devices)}", port or self.broker.port, **settings)
        device.trust(self.signer[0])
        before_factory(device.folder)
        device.environment = self.environment
        put = device.factory(image or program("1.0.0"))
        self.assertEqual(put.returncode, 0, put.stderr)
        self.devices.append(device)
        return device

    def order(self, image, version, job="J1", **changes):
        self.cloud.files["S"] = image
        self.cloud.create_job(job, document(self.pki, image, version, self.signer, **changes))

    def until(self, what, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"{what}: not within {seconds} s")
            time.sleep(0.02)

    def assert_refused(self, device, job, status, reason, blocks=0):
        ended = self.cloud.wait_for_end(job)
        self.assertEqual((ended["status"], ended["details"]["reason"]), (status, reason), ended)
        self.assertEqual(ended["details"]["version"], "1.0.0")
        self.assertTrue(ended["details"]["message"])
        if blocks == 0:
            self.assertEqual(self.cloud.requests, 0, "a block was asked for")
        self.until("idle", lambda: device.status()["state"] == "idle")
        self.assertEqual(device.status()["version"], "1.0.0")
