# SPDX-License-Identifier: Apache-2.0
"""Whole updates by each back end: the machine is a folder whose boots are told by a file. usage: back_ends_test.py OTABAHN_DEVICE"""
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import agent_case  # noqa: E402
from agent_case import AgentCase, program  # noqa: E402

HERE = pathlib.Path(__file__).parent
IMAGE = b"the new image " * 40


class Machine(AgentCase):
    """A device that is booted by reboot_command: the agent is killed, the boot id is another one, `boots` says what the boot
    loader does, and the agent is started again."""

    def machine(self, **settings):
        if "restart_command" not in settings:
            settings["reboot_command"] = ["sh", "-c", "echo boot >> boots; kill -9 $(cat agent.pid) || true"]
        device = self.device(IMAGE[:10], boot_id="boot-id", **settings)
        self.boots_of(device)
        return device

    def boots_of(self, device):
        (device.folder / "boot-id").write_text(os.urandom(16).hex())

    def run_until_over(self, device, job, boot_loader=lambda: None, seconds=60):
        """Starts the agent again after each boot; `boot_loader` runs in between."""
        end = time.monotonic() + seconds
        boots = 0
        while True:
            device.start()
            (device.folder / "agent.pid").write_text(str(device.process.pid))
            while device.process.poll() is None:
                if self.cloud.job(job)["status"] not in ("QUEUED", "IN_PROGRESS"):
                    return self.cloud.job(job), boots
                self.assertLess(time.monotonic(), end, device.text())
                time.sleep(0.05)
            self.assertEqual(device.process.returncode, -9, device.text())
            boots += 1
            self.boots_of(device)
            boot_loader()

    def assert_ended(self, ended, status, reason, version):
        self.assertEqual((ended["status"], ended["details"]["reason"], ended["details"]["version"]), (status, reason, version), ended)


class FilesTest(Machine):
    def files(self, **settings):
        return self.machine(install="files", slot_a="a", slot_b="b", active_link="current", **settings)

    def test_the_machine_boots_what_the_link_points_at(self):
        device = self.files()
        self.assertEqual(os.readlink(device.folder / "current"), str(device.folder.resolve() / "a"))
        self.order(IMAGE, "1.1.0")
        ended, boots = self.run_until_over(device, "J1")
        self.assert_ended(ended, "SUCCEEDED", "updated", "1.1.0")
        self.assertEqual(boots, 1)
        self.assertEqual((device.folder / "current").read_bytes(), IMAGE)

    def test_an_agent_that_never_comes_up_is_left_by_the_guard(self):
        device = self.files()
        self.order(IMAGE, "1.1.0")

        def boot_loader():
            # The new image has no agent that runs: the machine is booted again by its watchdog, twice.
            if os.readlink(device.folder / "current").endswith("/b"):
                for expected in ("boot 1 of 1", "rolled back"):
                    said = device.command("guard")
                    self.assertEqual(said.returncode, 0, said.stderr)
                    self.assertIn(expected, said.stdout)
                    self.boots_of(device)

        # The guard's reboot_command kills an agent that does not run.
        (device.folder / "agent.pid").write_text("0")
        ended, boots = self.run_until_over(device, "J1", boot_loader)
        self.assert_ended(ended, "FAILED", "not-booted", "1.0.0")
        self.assertEqual((device.folder / "current").read_bytes(), IMAGE[:10])
        self.assertIn("no image is on trial", device_guard(device))

    def test_a_restart_command_instead_of_a_boot(self):
        device = self.device(program("1.0.0"), install="files", slot_a="a", slot_b="b", active_link="current",
                             restart_command=["sh", "-c", "cat current | head -c 13 >> ran; echo >> ran"], self_test_command=["sh", "-c", "! grep -q bad current"])
        device.start()
        self.order(IMAGE, "1.1.0")
        self.assertEqual(self.cloud.wait_for_end("J1")["status"], "SUCCEEDED")
        self.order(b"a bad image", "1.2.0", job="J2")
        self.assert_ended(self.cloud.wait_for_end("J2"), "FAILED", "self-test", "1.1.0")
        self.until("the old one", lambda: device.ran()[-3:] == ["the new image", "a bad image", "the new image"])

    def test_an_image_on_trial_that_is_booted_again_is_rolled_back(self):
        device = self.files(self_test_seconds=1000)
        self.order(IMAGE, "1.1.0")
        device.start()
        (device.folder / "agent.pid").write_text(str(device.process.pid))
        device.process.wait(30)
        self.boots_of(device)
        device.start()
        self.until("the trial", lambda: device.status()["state"] == "on-trial")
        device.kill()
        self.boots_of(device)
        ended, boots = self.run_until_over(device, "J1")
        self.assert_ended(ended, "FAILED", "rebooted-on-trial", "1.0.0")
        self.assertEqual((device.folder / "current").read_bytes(), IMAGE[:10])
        self.assertEqual(boots, 1, "back into the old one")


def device_guard(device):
    device.stop()
    return device.command("guard").stdout


class UbootTest(Machine):
    def uboot(self, **settings):
        device = self.machine(install="uboot", slot_a="dev-a", slot_b="dev-b", uboot_config="fw_env.config",
                              running_command=["cat", "running"], before_factory=self.make_board, **settings)
        return device

    def make_board(self, folder):
        for name in ("dev-a", "dev-b"):
            (folder / name).write_bytes(b"\xff" * 4096)
        (folder / "env").write_bytes(b"\0" * 16384)
        (folder / "defaults").write_text("")
        (folder / "fw_env.config").write_text(f"{folder}/env 0x0 0x4000\n")
        (folder / "script").write_text("boot_slot=a\nupgrade_available=0\nbootcount=0\n")
        subprocess.run(["fw_setenv", "-c", folder / "fw_env.config", "-f", folder / "defaults", "-s", folder / "script"], check=True, capture_output=True)
        (folder / "running").write_text("a")

    def variables(self, device):
        out = subprocess.run(["fw_printenv", "-c", device.folder / "fw_env.config"], check=True, capture_output=True, text=True).stdout
        return dict(line.split("=", 1) for line in out.splitlines())

    def set(self, device, **values):
        (device.folder / "script").write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        subprocess.run(["fw_setenv", "-c", device.folder / "fw_env.config", "-s", device.folder / "script"], check=True)

    def boot(self, device, comes_up=True):
        """U-Boot: counts, and leaves a slot that has used up its boots."""
        found = self.variables(device)
        if found["upgrade_available"] == "1":
            count = int(found["bootcount"]) + 1
            self.set(device, bootcount=count)
            if count > int(found["bootlimit"]):
                self.set(device, boot_slot="a" if found["boot_slot"] == "b" else "b", upgrade_available=0)
            elif not comes_up:
                return self.boot(device, comes_up)
        (device.folder / "running").write_text(self.variables(device)["boot_slot"])

    def test_an_update_and_its_confirmation(self):
        device = self.uboot()
        self.order(IMAGE, "1.1.0")
        ended, boots = self.run_until_over(device, "J1", lambda: self.boot(device))
        self.assert_ended(ended, "SUCCEEDED", "updated", "1.1.0")
        self.assertEqual(boots, 1)
        self.assertEqual((device.folder / "dev-b").read_bytes(), IMAGE + b"\xff" * (4096 - len(IMAGE)))
        found = self.variables(device)
        self.assertEqual((found["boot_slot"], found["upgrade_available"], found["bootcount"], found["bootlimit"]), ("b", "0", "0", "1"))

    def test_a_system_that_does_not_come_up_is_left_by_u_boot_and_told_as_what_it_is(self):
        device = self.uboot()
        self.order(IMAGE, "1.1.0")
        ended, boots = self.run_until_over(device, "J1", lambda: self.boot(device, comes_up=False))
        self.assert_ended(ended, "FAILED", "not-booted", "1.0.0")
        found = self.variables(device)
        self.assertEqual((found["boot_slot"], found["upgrade_available"]), ("a", "0"))

    def test_a_system_that_fails_its_self_test_is_rolled_back_by_a_boot(self):
        device = self.uboot(self_test_command=["grep", "-q", "a", "running"])
        self.order(IMAGE, "1.1.0")
        ended, boots = self.run_until_over(device, "J1", lambda: self.boot(device))
        self.assert_ended(ended, "FAILED", "self-test", "1.0.0")
        self.assertEqual(boots, 2)
        self.assertEqual((device.folder / "running").read_text(), "a")

    def test_an_environment_that_cannot_be_written_fails_the_job(self):
        device = self.uboot()
        self.order(IMAGE, "1.1.0")
        (device.folder / "fw_env.config").write_text("/nonexistent/env 0x0 0x4000\n")
        ended, boots = self.run_until_over(device, "J1")
        self.assertEqual((ended["status"], ended["details"]["reason"], boots), ("FAILED", "rollback", 0), ended)
        self.assertIn("fw_setenv ended with", ended["details"]["message"])

    def test_an_image_larger_than_the_device_is_told(self):
        device = self.uboot()
        self.order(b"x" * 5000, "1.1.0")
        ended, _ = self.run_until_over(device, "J1")
        self.assert_ended(ended, "FAILED", "slot-write", "1.0.0")
        self.assertIn("has room for 4096 bytes", ended["details"]["message"])


class RaucTest(Machine):
    def setUp(self):
        super().setUp()
        self.rauc = self.root / "rauc"
        self.rauc.mkdir()
        (self.rauc / "booted").write_text("system0")
        config = self.rauc / "bus.conf"
        config.write_text(f"""<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={self.rauc}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow own="*"/><allow receive_sender="*"/></policy></busconfig>""")
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.rauc}/bus"}
        self.processes = [subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"])]
        self.until("the bus", (self.rauc / "bus").exists)
        self.start_service()

    def start_service(self):
        (self.rauc / "ready").unlink(missing_ok=True)
        self.processes.append(subprocess.Popen([sys.executable, HERE / "rauc_service.py", self.rauc], env={**os.environ, **self.environment}))
        self.until("the service", (self.rauc / "ready").exists)

    def tearDown(self):
        super().tearDown()
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def calls(self):
        return (self.rauc / "calls").read_text().splitlines()

    def boot_into(self, name):
        return lambda: (self.rauc / "booted").write_text(name)

    def test_a_bundle_is_installed_and_marked_good(self):
        device = self.machine(install="rauc")
        self.order(IMAGE, "1.1.0")
        ended, boots = self.run_until_over(device, "J1", self.boot_into("system1"))
        self.assert_ended(ended, "SUCCEEDED", "updated", "1.1.0")
        self.assertEqual(self.calls(), ["install " + IMAGE[:40].decode(), "mark good booted"])
        self.assertFalse((device.folder / "state/slot-b.image").exists(), "a confirmed bundle has done its duty")
        # And back: our slots are RAUC's by name.
        self.order(IMAGE + b"2", "1.2.0", job="J2")
        device.stop()
        ended, boots = self.run_until_over(device, "J2", self.boot_into("system0"))
        self.assert_ended(ended, "SUCCEEDED", "updated", "1.2.0")
        self.assertEqual(device.status()["slot"], "a")

    def test_an_installation_that_fails_is_told_in_raucs_words(self):
        (self.rauc / "fails").write_text("signature verification failed: bad certificate")
        device = self.machine(install="rauc")
        self.order(IMAGE, "1.1.0")
        ended, boots = self.run_until_over(device, "J1")
        self.assert_ended(ended, "FAILED", "activation", "1.0.0")
        self.assertIn("bad certificate", ended["details"]["message"])
        self.assertEqual((boots, self.calls()[-1]), (0, "mark active booted"))

    def test_a_boot_loader_that_fell_back_is_believed(self):
        device = self.machine(install="rauc")
        self.order(IMAGE, "1.1.0")
        ended, boots = self.run_until_over(device, "J1", self.boot_into("system0"))
        self.assert_ended(ended, "FAILED", "not-booted", "1.0.0")
        self.assertEqual((boots, self.calls()[1:]), (1, ["mark active booted"]))

    def test_a_bad_system_is_marked_bad_and_left(self):
        device = self.machine(install="rauc", self_test_command=["sh", "-c", "exit 1"])
        self.order(IMAGE, "1.1.0")
        slots = iter(["system1", "system0"])
        ended, boots = self.run_until_over(device, "J1", lambda: self.boot_into(next(slots))())
        self.assert_ended(ended, "FAILED", "self-test", "1.0.0")
        self.assertEqual((boots, self.calls()[1:]), (2, ["mark bad booted", "mark active other"]))

    def test_a_rauc_that_dies_while_it_installs_is_noticed(self):
        device = self.machine(install="rauc")
        self.order(IMAGE, "1.1.0")

        def die():
            self.until("the installation", (self.rauc / "calls").exists)
            self.processes[-1].kill()
            self.start_service()

        threading.Thread(target=die).start()
        ended, boots = self.run_until_over(device, "J1")
        self.assert_ended(ended, "FAILED", "activation", "1.0.0")
        self.assertIn("RAUC is idle without having said", ended["details"]["message"])


class SwupdatePeer:
    """SWUpdate's control socket, with its messages as network_ipc.h has them on a 64-bit machine."""
    SIZE = 3120

    def __init__(self, path, result=3, nack=None):
        self.result, self.nack, self.calls, self.image, self.status = result, nack, [], b"", 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(4)
        threading.Thread(target=self.serve, daemon=True).start()

    def message(self, kind, data=b""):
        return struct.pack("<ii", 0x14052001, kind) + data.ljust(self.SIZE - 8, b"\0")

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            head = b""
            while len(head) < self.SIZE:
                head += peer.recv(self.SIZE - len(head))
            magic, kind = struct.unpack_from("<ii", head)
            assert magic == 0x14052001
            if kind == 0:
                version, source, dry, size = struct.unpack_from("<IiixxxxQ", head, 8)
                self.calls.append(("install", version, source, dry, size))
                if self.nack:
                    peer.sendall(self.message(2, self.nack))
                else:
                    peer.sendall(self.message(1))
                    self.status, self.image = 2, b""
                    while piece := peer.recv(65536):
                        self.image += piece
                    threading.Timer(0.7, self.finish).start()
            elif kind == 3:
                words = b"Installing rootfs" if self.status else (b"ERROR : no such slot" if self.result == 4 else b"SWUPDATE successful !")
                peer.sendall(self.message(3, struct.pack("<iii", self.status, self.result, 0) + words))
            elif kind == 7:
                self.calls.append(("state", head[8:9].decode()))
                peer.sendall(self.message(1))
            peer.close()

    def finish(self):
        self.status = 0


class SwupdateTest(Machine):
    def swupdate(self, peer={}, **settings):
        self.peer = SwupdatePeer(self.root / "sock", **peer)
        return self.machine(install="swupdate", swupdate_socket=str(self.root / "sock"), **settings)

    def test_an_image_is_streamed_in_and_its_state_is_set(self):
        device = self.swupdate(running_command=["sh", "-c", "test -e boots && echo b || echo a"])
        image = IMAGE * 500
        self.order(image, "1.1.0")
        ended, boots = self.run_until_over(device, "J1")
        self.assert_ended(ended, "SUCCEEDED", "updated", "1.1.0")
        self.assertEqual((boots, self.peer.image == image), (1, True))
        self.assertEqual(self.peer.calls, [("install", 1, 4, 0, len(image)), ("state", "0")])

    def test_a_failed_installation_is_told_in_swupdates_words(self):
        device = self.swupdate({"result": 4}, restart_command=["true"])
        self.order(IMAGE, "1.1.0")
        ended, _ = self.run_until_over(device, "J1")
        self.assert_ended(ended, "FAILED", "activation", "1.0.0")
        self.assertIn("no such slot", ended["details"]["message"])
        self.assertEqual(self.peer.calls[-1], ("state", "3"))

    def test_a_refusal_is_told(self):
        device = self.swupdate({"nack": b"Installation in progress"}, restart_command=["true"])
        self.order(IMAGE, "1.1.0")
        ended, _ = self.run_until_over(device, "J1")
        self.assertIn("Installation in progress", ended["details"]["message"])

    def test_nobody_at_the_socket_is_told(self):
        device = self.machine(install="swupdate", swupdate_socket=str(self.root / "nobody"), restart_command=["true"])
        self.order(IMAGE, "1.1.0")
        ended, _ = self.run_until_over(device, "J1")
        self.assertEqual((ended["status"], ended["details"]["reason"]), ("FAILED", "rollback"))
        self.assertIn("SWUpdate cannot be reached", ended["details"]["message"])


class StagesTest(AgentCase):
    def test_hooks_see_the_parameters_and_a_failing_one_is_named(self):
        device = self.device(hooks="hooks", before_factory=self.make_hooks)
        device.start()
        self.order(program("1.1.0"), "1.1.0")
        ended = self.cloud.wait_for_end("J1")
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        self.assertEqual((device.folder / "called").read_text().splitlines(),
                         ["before-download hello world J1", "before-confirm hello world J1", "after-confirm hello world J1"])
        (device.folder / "hooks/before-install").write_text("#!/bin/sh\necho the valve is open >&2\nexit 9\n")
        (device.folder / "hooks/before-install").chmod(0o755)
        self.order(program("1.2.0"), "1.2.0", job="J2")
        ended = self.cloud.wait_for_end("J2")
        self.assertEqual((ended["status"], ended["details"]["reason"], ended["details"]["version"]), ("FAILED", "hook", "1.1.0"), ended)
        self.assertIn("before-install ended with exit status 9: the valve is open", ended["details"]["message"])

    def make_hooks(self, folder):
        (folder / "hooks").mkdir()
        for name in ("before-download", "before-confirm", "after-confirm"):
            hook = folder / "hooks" / name
            hook.write_text("#!/bin/sh\necho $OTABAHN_HOOK $OTABAHN_PARAM_MOTD $OTABAHN_JOB >> called\n")
            hook.chmod(0o755)

    def test_a_download_waits_for_leave(self):
        device = self.device(ask_before_download=True)
        device.start()
        self.order(program("1.1.0"), "1.1.0")
        self.until("it waits", lambda: "waits for leave" in device.text())
        self.assertEqual((self.cloud.job("J1")["status"], self.cloud.requests), ("QUEUED", 0))
        with socket.socket(socket.AF_UNIX) as application:
            application.connect(str(device.folder / "state/agent.sock"))
            application.sendall(b"watch\n")
            lines = application.makefile()
            self.assertEqual(json.loads(lines.readline())["state"], "waiting")
            self.assertEqual(device.command("tell", "allow").returncode, 0)
            self.assertEqual(self.cloud.wait_for_end("J1")["status"], "SUCCEEDED")
            self.assertIn("on-trial", [json.loads(lines.readline())["state"] for _ in range(4)])
        late = device.command("tell", "allow")
        self.assertEqual(late.returncode, 1)
        self.assertIn("nothing waits for leave to download", late.stderr)

    def test_a_download_that_is_declined_is_rejected(self):
        device = self.device(ask_before_download=True)
        device.start()
        self.order(program("1.1.0"), "1.1.0")
        self.until("it waits", lambda: "waits for leave" in device.text())
        device.command("tell", "decline", "the lamp is in use")
        self.assert_refused(device, "J1", "REJECTED", "declined")

    def test_the_application_says_whether_it_is_healthy(self):
        device = self.device(self_test_word=True)
        device.start()
        for version, word, status in (("1.1.0", ["healthy"], "SUCCEEDED"), ("1.2.0", ["unhealthy", "no sensor"], "FAILED")):
            self.order(program(version), version, job=version.replace(".", "_"))
            self.until("the trial", lambda: device.command("tell", *word).returncode == 0)
            ended = self.cloud.wait_for_end(version.replace(".", "_"))
            self.assertEqual(ended["status"], status, ended)
        self.assertIn("no sensor", ended["details"]["message"])

    def test_a_slot_file_that_is_deleted_is_told_as_what_it_is(self):
        device = self.device()
        device.start()
        self.cloud.pause = 0.01
        self.order(program("1.1.0", size=2 * 1024 * 1024), "1.1.0")
        self.cloud.wait_for("some blocks", lambda: len(self.cloud.served) > 20)
        (device.folder / "state/slot-b.image").unlink()
        ended = self.cloud.wait_for_end("J1")
        self.assertEqual((ended["status"], ended["details"]["reason"]), ("FAILED", "slot-write"), ended)
        self.assertIn("was deleted or replaced by somebody else", ended["details"]["message"])

    def test_a_program_in_a_session_of_its_own_does_not_outlive_the_agent(self):
        device = self.device(b"#!/bin/sh\nsetsid sleep 1000 &\nexec sleep 1000\n")
        device.start()
        self.until("both", lambda: len(device.running()) == 2)
        device.kill()
        self.until("none", lambda: device.running() == [], 5)
        device.start()
        self.until("both again", lambda: len(device.running()) == 2)
        self.assertEqual(device.stop(), 0)
        self.assertEqual(device.running(), [])


if __name__ == "__main__":
    agent_case.main()
