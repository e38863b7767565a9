# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the server at 20 random moments of an update, and of the agent at 20 others, some during the trial: the update
ends SUCCEEDED, persisted blocks are not fetched again (one window twice at the most), nothing acknowledged is lost."""
import random
import time

import pytest

from cloud import Server
from slow_link import SlowLink

KILLS = 20
SIZE = 6 * 1024 * 1024
RATE = 1024 * 1024
# What a cut may cost: the window that was in flight, and what the operating systems hold of the link.
LOST_A_CUT = 128 * 1024
# What the wire adds: TLS, MQTT and stream heads, handshakes.
OVERHEAD = 1.06


@pytest.fixture
def own(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("killed"))
    running.otabahn("signing", "create", "release")
    yield running
    running.stop()


@pytest.fixture
def slow(own):
    link = SlowLink(own.endpoints["mqtt"], RATE)
    yield link
    link.close()


def test_server_killed_at_random_moments(own, slow, make_device, firmware):
    rng = random.Random(20260301)
    device = make_device("killed-server", server=own, slot_bytes=SIZE * 2, self_test_seconds=2, endpoint=slow.address)
    iot = own.boto("iot")
    job = "killed-server-1"
    own.otabahn("deploy", firmware("1.1.0", pad=SIZE), "--to", "thing/killed-server", "--version", "1.1.0", "--name", job, "--no-wait")
    acknowledged = []
    for kill in range(KILLS):
        time.sleep(rng.uniform(0.1, 1.0))
        iot.create_thing(thingName=f"kept-{kill}")
        acknowledged.append(f"kept-{kill}")
        own.kill()
        own.start()
    outcome = device.outcome(job, 180)
    assert outcome["status"] == "SUCCEEDED", (outcome, device.log()[-4000:])
    assert device.status()["version"] == "1.1.0"
    assert slow.down <= SIZE * OVERHEAD + (KILLS + 1) * LOST_A_CUT, f"{slow.down} bytes came down for an image of {SIZE}"
    print(f"server: {slow.down} bytes for {SIZE}")
    things = {thing["thingName"] for page in iot.get_paginator("list_things").paginate() for thing in page["things"]}
    assert set(acknowledged) <= things, "an acknowledged thing is lost"


def test_agent_killed_at_random_moments(own, slow, make_device, firmware):
    rng = random.Random(20260302)
    device = make_device("killed-agent", server=own, slot_bytes=SIZE * 2, self_test_seconds=4, endpoint=slow.address)
    job = "killed-agent-1"
    own.otabahn("deploy", firmware("1.1.0", pad=SIZE), "--to", "thing/killed-agent", "--version", "1.1.0", "--name", job, "--no-wait")
    on_trial = 0
    for _ in range(KILLS):
        time.sleep(rng.uniform(0.1, 1.0))
        on_trial += "trial" in device.status()["state"]
        device.kill()
        device.start()
    # The trial begins anew with each agent: give the last ones nothing but trial.
    for _ in range(3):
        if on_trial >= 3:
            break
        deadline = time.monotonic() + 60
        while "trial" not in device.status()["state"] and time.monotonic() < deadline:
            time.sleep(0.2)
        on_trial += 1
        device.kill()
        device.start()
    outcome = device.outcome(job, 180)
    assert outcome["status"] == "SUCCEEDED", (outcome, device.log()[-4000:])
    assert device.status()["version"] == "1.1.0"
    print(f"agent: {slow.down} bytes for {SIZE}")
    assert on_trial >= 3, f"only {on_trial} kills fell into the trial"
    assert slow.down <= SIZE * OVERHEAD + (KILLS + 4) * LOST_A_CUT, f"{slow.down} bytes came down for an image of {SIZE}"
