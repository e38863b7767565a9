# SPDX-License-Identifier: Apache-2.0
"""The agent on a device that has little: little permission, little memory, no root."""
import json
import pathlib
import re
import subprocess
import threading

import pytest

from cloud import ACCOUNT, REGION, program, until
from handmade import Handmade

ROOT = pathlib.Path(__file__).resolve().parents[2]


def deny(server, device, action: str, below: str) -> str:
    """A policy that forbids this one thing on top of what the device may; gives what undoes it."""
    iot, thing = server.boto("iot"), device.folder.name
    kind = "topicfilter" if action == "iot:Subscribe" else "topic"
    name = re.sub(r"\W", "-", f"deny-{thing}-{action}-{below}")[:100]
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": action, "Resource": f"arn:aws:iot:{REGION}:{ACCOUNT}:{kind}/$aws/things/{thing}/{below}"}]}
    iot.create_policy(policyName=name, policyDocument=json.dumps(document))
    certificate = iot.list_thing_principals(thingName=thing)["principals"][0]
    iot.attach_policy(policyName=name, target=certificate)
    return lambda: iot.detach_policy(policyName=name, target=certificate)


@pytest.mark.parametrize("version", [5, 3])
def test_a_denied_stream_fails_the_job_and_names_the_topic(signed, make_device, version):
    device = make_device(f"no-stream-{version}", start=False, give_up_seconds=10, mqtt_version=version, flags=("--trust", str(signed.signer_certificate)))
    deny(signed, device, "iot:Publish", "streams/*")
    device.start()
    hand = Handmade(signed, device.folder.name, program("1.1.0", pad=50_000))
    hand.make_stream()
    outcome = device.outcome(hand.make_job(), 90)
    assert (outcome["status"], outcome["details"]["reason"]) == ("FAILED", "stream-silent"), outcome
    topic = f"$aws/things/{device.folder.name}/streams/"
    assert "iot:Publish" in outcome["details"]["message"] and topic in outcome["details"]["message"], outcome
    assert f"iot:Publish on topic/{topic}" in device.log()
    assert device.process.poll() is None and device.status()["state"] == "idle"
    # Each denied request costs the connection; coming back is not a loop.
    assert device.log().count("connected to ") <= 20, device.log()


@pytest.mark.parametrize("action, below, what", [("iot:Publish", "jobs/$next/get", "topic"), ("iot:Subscribe", "jobs/notify-next", "topicfilter")])
def test_denied_jobs_topics_are_named_and_the_agent_goes_on_once_they_are_allowed(signed, make_device, action, below, what):
    device = make_device("no-" + re.sub(r"\W", "", action + below), start=False, flags=("--trust", str(signed.signer_certificate)))
    allow = deny(signed, device, action, below)
    device.start()
    named = f"{action} on {what}/$aws/things/{device.folder.name}/{below}"
    until(lambda: named in device.log(), 30, f"the log names {named}")
    assert device.log().count("connected to ") <= 5, device.log()
    allow()
    hand = Handmade(signed, device.folder.name, program("1.1.0"))
    hand.make_stream()
    assert device.outcome(hand.make_job(), 90)["status"] == "SUCCEEDED"


def test_an_update_of_24_mib_takes_less_than_4_mb_of_memory(signed, make_device):
    device = make_device("small-memory", flags=("--trust", str(signed.signer_certificate)))
    seen, over = [], threading.Event()

    def watch():
        while not over.wait(0.01):
            text = pathlib.Path(f"/proc/{device.process.pid}/smaps_rollup").read_text()
            seen.append(int(re.search(r"^Anonymous:\s+(\d+) kB$", text, re.M).group(1)))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        hand = Handmade(signed, "small-memory", program("1.1.0", pad=24 * 1024 * 1024))
        hand.make_stream()
        assert device.outcome(hand.make_job(), 120)["status"] == "SUCCEEDED"
    finally:
        over.set()
        watching.join()
    print(f"anonymous memory of the agent: {min(seen)} to {max(seen)} kB, looked at {len(seen)} times")
    assert len(seen) > 20 and 0 < max(seen) < 4 * 1024, (len(seen), max(seen))


def test_the_units_are_valid_and_confined(tmp_path):
    agent = tmp_path / "otabahn-device"
    agent.write_text("#!/bin/sh\n")
    agent.chmod(0o755)
    units = []
    for unit in sorted((ROOT / "packaging").glob("*.service")):
        units.append(tmp_path / unit.name)
        units[-1].write_text(unit.read_text().replace("/usr/bin/otabahn-device", str(agent)))
    assert len(units) == 2
    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units], capture_output=True, text=True)
    assert checked.returncode == 0 and not checked.stderr.strip(), checked.stderr
    judged = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20",
                             tmp_path / "otabahn-device.service"], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout[-3000:] + judged.stderr
    print(judged.stdout.strip().splitlines()[-1])
