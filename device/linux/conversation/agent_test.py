# SPDX-License-Identifier: Apache-2.0
"""The agent as a process: updates, refusals, kills, roll-backs. usage: agent_test.py OTABAHN_DEVICE"""
import base64
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import agent_case  # noqa: E402
from agent_case import AgentCase, program  # noqa: E402
from mosquitto_cloud import Mosquitto, document, signature  # noqa: E402


class AgentTest(AgentCase):
    def test_an_update_end_to_end(self):
        device = self.device()
        device.start()
        self.until("the first program", lambda: device.ran() == ["1.0.0 a 1.0.0 "])
        image = program("1.1.0", size=300_000)
        self.order(image, "1.1.0")
        ended = self.cloud.wait_for_end("J1")
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        self.assertEqual(ended["details"]["version"], "1.1.0")
        self.assertEqual(ended["details"]["progress"], "100")
        self.assertEqual(ended["details"]["versionSigned"], "true")
        self.assertEqual(device.ran()[-1], "1.1.0 b 1.1.0 hello world")
        self.until("idle", lambda: device.status()["state"] == "idle")
        status = device.status()
        self.assertEqual((status["slot"], status["version"], status["sha256"]), ("b", "1.1.0", hashlib.sha256(image).hexdigest()))
        self.assertEqual(pathlib.Path(status["image"]).read_bytes(), image)
        self.assertEqual(self.cloud.updates[0][1]["status"], "IN_PROGRESS")
        self.assertTrue(all(times == 1 for times in self.cloud.served.values()))
        # And back into slot a, by a document that people write by hand.
        self.order(program("1.2.0"), "1.2.0", job="J2", release=False)
        self.assertEqual(self.cloud.wait_for_end("J2")["details"]["versionSigned"], "false")
        self.until("slot a", lambda: device.status()["slot"] == "a")
        self.assertEqual(device.stop(), 0)
        self.assertEqual(device.running(), [])

    def test_an_afr_ota_document(self):
        device = self.device()
        device.start()
        image = program("new", size=5_000)
        self.cloud.files["AFR_OTA-1"] = image
        self.cloud.create_job("AFR_OTA-x", {"afr_ota": {"protocols": ["MQTT"], "streamname": "AFR_OTA-1", "files": [
            {"filepath": "/device", "filesize": len(image), "fileid": 0, "certfile": "signer.pem", "fileType": 0,
             "sig-sha256-ecdsa": base64.b64encode(self.pki.sign(self.signer[1], image)).decode()}]}})
        ended = self.cloud.wait_for_end("AFR_OTA-x")
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        self.assertEqual(ended["details"]["version"], "sha256:" + hashlib.sha256(image).hexdigest()[:12])

    def test_what_is_refused_before_a_block_is_asked_for(self):
        device = self.device()
        device.start()
        other = self.pki.certificate("other", self_signed=True)
        image = program("1.1.0")
        self.cloud.files["S"] = image
        good = document(self.pki, image, "1.1.0", self.signer)
        plain = document(self.pki, image, "1.1.0", self.signer, release=False)

        def changed(base, **members):
            return {**json.loads(json.dumps(base)), **members}

        def file_changed(**members):
            return changed(plain, files=[{**plain["files"][0], **members}])

        foreign = document(self.pki, image, "1.1.0", other)
        for part in (foreign["files"][0]["signature"], foreign["release"]["signature"]):
            part["certificate"] = "other.pem"
        cases = [
            ("signature-wrong", file_changed(signature=signature(self.pki, other, image))),
            ("certificate-unknown", foreign),
            ("version-lower", document(self.pki, image, "0.9.0", self.signer)),
            ("version-equal", document(self.pki, image, "1.0.0", self.signer)),
            ("image-too-large", file_changed(size=33 * 1024 * 1024)),
            ("unsigned", changed(plain, files=[{key: value for key, value in plain["files"][0].items() if key != "signature"}])),
            ("document-no-object", "not an object"),
            ("document-no-object", [1, 2]),
            ("document-incomplete", {key: value for key, value in good.items() if key != "stream"}),
            ("document-incomplete", file_changed(sha256="abc")),
            ("operation-unknown", changed(good, operation="reboot")),
            ("schema-unsupported", changed(good, schema=2)),
            ("role-unknown", file_changed(role="poem")),
            ("release-mismatch", changed(good, version="1.2.0")),
        ]
        for number, (reason, order) in enumerate(cases):
            with self.subTest(reason):
                self.cloud.create_job(f"J{number}", order)
                self.assert_refused(device, f"J{number}", "REJECTED", reason)
        self.assertTrue(all(request["status"] == "REJECTED" for _, request in self.cloud.updates))
        self.assertEqual(device.ran(), ["1.0.0 a 1.0.0 "])

    def test_what_is_found_wrong_later(self):
        device = self.device(hardware="rev-a")
        device.start()
        image = program("1.1.0", size=40_000)
        cases = [("image-hash", image[:-3] + b"x\n\n", {}), ("stream-size", image[:-100], {}), ("stream-size", image + b"more", {}),
                 ("stream-not-found", None, {})]
        for number, (reason, served, changes) in enumerate(cases):
            with self.subTest(reason):
                if served is None:
                    self.cloud.files.pop("S", None)
                else:
                    self.cloud.files["S"] = served
                self.cloud.create_job(f"J{number}", document(self.pki, image, "1.1.0", self.signer, **changes))
                self.assert_refused(device, f"J{number}", "FAILED", reason, blocks=1)

    def test_an_image_that_ends_is_rolled_back(self):
        device = self.device()
        device.start()
        self.until("the first program", lambda: len(device.ran()) == 1)
        self.order(program("1.1.0", ends_with=3), "1.1.0")
        ended = self.cloud.wait_for_end("J1")
        self.assertEqual((ended["status"], ended["details"]["reason"], ended["details"]["version"]), ("FAILED", "program-exited", "1.0.0"), ended)
        self.assertIn("exit status 3", ended["details"]["message"])
        self.until("the old program", lambda: device.ran()[-1] == "1.0.0 a 1.0.0 " and len(device.ran()) == 3)
        self.assertEqual(device.status()["slot"], "a")

    def test_an_image_that_fails_its_self_test_command_is_rolled_back(self):
        device = self.device(self_test_command=["sh", "-c", 'test "$OTABAHN_VERSION" != 1.1.0'])
        device.start()
        self.order(program("1.1.0"), "1.1.0")
        ended = self.cloud.wait_for_end("J1")
        self.assertEqual((ended["status"], ended["details"]["reason"]), ("FAILED", "self-test"), ended)
        self.order(program("1.1.1"), "1.1.1", job="J2")
        self.assertEqual(self.cloud.wait_for_end("J2")["status"], "SUCCEEDED")

    def test_the_same_image_again_is_done_at_once(self):
        image = program("1.0.0")
        device = self.device(image)
        device.start()
        self.order(image, "1.0.0")
        ended = self.cloud.wait_for_end("J1")
        self.assertEqual((ended["status"], ended["details"]["reason"]), ("SUCCEEDED", "already-running"), ended)
        self.assertEqual(self.cloud.requests, 0)
        self.assertEqual(len(self.cloud.updates), 1)

    def test_a_killed_agent_goes_on_where_it_was(self):
        device = self.device(self_test_seconds=2)
        image = program("1.1.0", size=6 * 1024 * 1024)
        self.cloud.pause = 0.004
        self.order(image, "1.1.0")
        dice = random.Random(7)
        for _ in range(12):
            device.start()
            time.sleep(0.15 + dice.random())
            if self.cloud.job("J1")["status"] == "SUCCEEDED":
                break
            device.kill()
        device.start()
        ended = self.cloud.wait_for_end("J1", 120)
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        self.assertEqual(pathlib.Path(device.status()["image"]).read_bytes(), image)
        # Each kill may cost what was on its way, and what was not saved yet.
        total, blocks = sum(self.cloud.served.values()), len(self.cloud.served)
        print(f"{total} blocks served for {blocks} of the image", file=sys.stderr)
        self.assertLess(total, blocks * 4)
        self.until("one program", lambda: len(device.running()) == 1)

    def test_the_agent_killed_during_the_trial_starts_the_self_test_over(self):
        device = self.device(self_test_seconds=3)
        device.start()
        self.order(program("1.1.0"), "1.1.0")
        self.until("the trial", lambda: any(line.startswith("1.1.0") for line in device.ran()))
        time.sleep(0.5)
        self.assertEqual(device.status()["state"], "on-trial")
        device.kill()
        self.until("the program is gone with its agent", lambda: device.running() == [], 5)
        device.start()
        ended = self.cloud.wait_for_end("J1")
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        self.assertEqual([line.split()[0] for line in device.ran()], ["1.0.0", "1.1.0", "1.1.0"])

    def test_the_broker_goes_and_comes_back(self):
        device = self.device()
        device.start()
        self.cloud.pause = 0.003
        image = program("1.1.0", size=3 * 1024 * 1024)
        self.order(image, "1.1.0")
        self.cloud.wait_for("some blocks", lambda: len(self.cloud.served) > 20)
        self.cloud.stop()
        self.broker.stop()
        self.broker = Mosquitto(self.pki, self.root, self.broker.port)
        self.cloud.connect()
        ended = self.cloud.wait_for_end("J1", 120)
        self.assertEqual(ended["status"], "SUCCEEDED", ended)

    def test_a_cancelled_job_ends_the_download_and_the_next_one_runs(self):
        device = self.device()
        device.start()
        self.cloud.pause = 0.01
        self.order(program("1.1.0", size=2 * 1024 * 1024), "1.1.0")
        self.cloud.wait_for("some blocks", lambda: len(self.cloud.served) > 20)
        self.cloud.cancel_job("J1")
        self.until("idle", lambda: device.status()["state"] == "idle")
        self.cloud.pause = 0
        self.order(program("1.2.0"), "1.2.0", job="J2")
        self.assertEqual(self.cloud.wait_for_end("J2")["status"], "SUCCEEDED")

    def test_it_runs_without_root(self):
        device = self.device()
        agent = self.root / "otabahn-device"
        shutil.copy(agent_case.AGENT, agent)
        nobody = {}
        if os.geteuid() == 0:
            nobody = {"user": 65534, "group": 65534, "extra_groups": []}
            for path in [self.root, *self.root.rglob("*")]:
                os.chown(path, 65534, 65534)
        with open(device.folder / "agent.log", "a") as log:
            device.process = subprocess.Popen([agent, "run", "--config", device.folder / "device.toml"], stderr=log, stdout=log, **nobody)
        self.order(program("1.1.0"), "1.1.0")
        self.assertEqual(self.cloud.wait_for_end("J1")["status"], "SUCCEEDED")
        status = pathlib.Path(f"/proc/{device.process.pid}/status").read_text()
        self.assertNotIn("\nUid:\t0\t", status)
        self.assertIn("\nCapEff:\t0000000000000000\n", status)

    def test_a_second_agent_is_refused(self):
        device = self.device()
        device.start()
        self.until("the program", lambda: device.ran())
        second = device.command("run")
        self.assertEqual(second.returncode, 1)
        self.assertIn("another otabahn-device runs", second.stderr)

    def test_damaged_state_is_never_trusted(self):
        device = self.device()
        for page in ("state.0", "state.1"):
            file = device.folder / "state" / page
            data = bytearray(file.read_bytes())
            data[40] ^= 1
            file.write_bytes(data)
            if page == "state.0":
                self.assertEqual(device.status()["version"], "1.0.0")
        self.assertEqual(device.command("status").returncode, 1)
        refused = device.command("run")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("factory", refused.stderr)

    def test_wrong_usage_and_wrong_files_name_the_line(self):
        device = self.device()
        file = device.folder / "device.toml"
        file.write_text(file.read_text() + 'colour = "red"\n')
        refused = device.command("status")
        self.assertEqual(refused.returncode, 2)
        lines = len(file.read_text().splitlines())
        self.assertIn(f"device.toml:{lines}: unknown key 'colour'", refused.stderr)
        self.assertEqual(subprocess.run([agent_case.AGENT, "dance"], capture_output=True).returncode, 2)
        self.assertEqual(subprocess.run([agent_case.AGENT, "run"], capture_output=True).returncode, 2)

    def test_a_pair_of_commands_instead_of_a_program(self):
        device = self.device(install_command=["sh", "-c", 'echo "install $OTABAHN_VERSION $1" >> ran', "sh", "{image}"],
                             activate_command=["sh", "-c", 'echo "activate $OTABAHN_VERSION" >> ran'])
        device.start()
        self.until("the first image is handed over", lambda: len(device.ran()) == 2)
        self.order(b"any bytes at all", "1.1.0")
        self.assertEqual(self.cloud.wait_for_end("J1")["status"], "SUCCEEDED")
        self.assertEqual(device.ran()[2:], [f"install 1.1.0 {device.folder.resolve()}/state/slot-b.image", "activate 1.1.0"])


if __name__ == "__main__":
    agent_case.main()
