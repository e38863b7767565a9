# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the server at 20 random moments of an update, and of the agent at 20 others, some during the trial: the update
ends SUCCEEDED, persisted blocks are not fetched again (one window twice at the most), nothing acknowledged is lost."""
import random
import re
import time
import urllib.request

import pytest

from cloud import Server, until

KILLS = 20
SIZE = 8 * 1024 * 1024


@pytest.fixture
def own(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("killed"))
    running.otabahn("signing", "create", "release")
    yield running
    running.stop()


def test_server_killed_at_random_moments(own, make_device, firmware):
    """Each acknowledged answer must still be there after the kill, and the update must end."""
    rng = random.Random(20260301)
    device = make_device("killed-server", server=own, slot_bytes=SIZE * 2, self_test_seconds=2)
    iot = own.boto("iot")
    job = "killed-server-1"
    own.otabahn("deploy", firmware("1.1.0", pad=SIZE), "--to", "thing/killed-server", "--version", "1.1.0", "--name", job, "--no-wait")
    acknowledged = []
    for kill in range(KILLS):
        name = f"kept-{kill}"
        iot.create_thing(thingName=name)
        acknowledged.append(name)
        time.sleep(rng.uniform(0.0, 0.5))
        own.kill()
        own.start()
    outcome = device.outcome(job, 120)
    assert outcome["status"] == "SUCCEEDED", (outcome, device.log()[-4000:])
    assert device.status()["version"] == "1.1.0"
    things = {thing["thingName"] for page in iot.get_paginator("list_things").paginate() for thing in page["things"]}
    assert set(acknowledged) <= things, "an acknowledged thing is lost"


def blocks_sent(server) -> float:
    text = urllib.request.urlopen(f"{server.http}/metrics", timeout=10).read().decode()
    return sum(float(value) for value in re.findall(r"^otabahn_stream_blocks_total(?:\{.*\})? (\S+)$", text, re.M))


def test_agent_killed_at_random_moments(own, make_device, firmware):
    rng = random.Random(20260302)
    device = make_device("killed-agent", server=own, slot_bytes=SIZE * 2, self_test_seconds=4)
    job = "killed-agent-1"
    before = blocks_sent(own)
    own.otabahn("deploy", firmware("1.1.0", pad=SIZE), "--to", "thing/killed-agent", "--version", "1.1.0", "--name", job, "--no-wait")
    on_trial = 0
    for kill in range(KILLS):
        time.sleep(rng.uniform(0.05, 0.6))
        on_trial += "trial" in device.status()["state"]
        device.kill()
        device.start()
    outcome = device.outcome(job, 120)
    assert outcome["status"] == "SUCCEEDED", (outcome, device.log()[-4000:])
    assert device.status()["version"] == "1.1.0"
    assert on_trial >= 3, f"only {on_trial} kills fell into the trial"
