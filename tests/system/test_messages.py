# SPDX-License-Identifier: Apache-2.0
"""What devices tell each other: retained messages, shared subscriptions, persistent sessions under kill -9; and that what the registry
changes reaches open connections. Driven by Eclipse Paho and mosquitto's programs."""
import json
import queue
import random

import botocore.exceptions
import pytest
from paho.mqtt.packettypes import PacketTypes

from cloud import until
from mqtt_client import Client, Identity, properties


@pytest.fixture(scope="module")
def identity(server, tmp_path_factory):
    return Identity(server, tmp_path_factory.mktemp("identity"), "messages")


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_mosquitto_retains_and_finds_it_again(identity, version):
    topic = f"state/{version}"
    identity.mosquitto("mosquitto_pub", "-V", version, "-t", topic, "-m", "on", "-r", "-q", 1)
    got = identity.mosquitto("mosquitto_sub", "-V", version, "-t", topic, "-C", 1, "-W", 10, "-F", "%p retain=%r")
    assert got.stdout.strip() == "on retain=1"
    identity.mosquitto("mosquitto_pub", "-V", version, "-t", topic, "-n", "-r", "-q", 1)
    nothing = identity.mosquitto("mosquitto_sub", "-V", version, "-t", topic, "-C", 1, "-W", 1, check=False)
    assert nothing.stdout == ""


def test_wildcards_bring_no_retained_message_and_live_copies_carry_no_flag(identity):
    writer, reader = Client(identity, "writer"), Client(identity, "reader")
    writer.publish("fleet/a/state", "on", retain=True)
    reader.subscribe(("fleet/#", 1))
    assert reader.silent()
    writer.publish("fleet/a/state", "off", retain=True)
    live = reader.next()
    assert (live.payload, live.retain) == (b"off", False)
    reader.subscribe(("fleet/a/state", 1))
    kept = reader.next()
    assert (kept.payload, kept.retain, kept.qos) == (b"off", True, 1)
    writer.close()
    reader.close()


def test_acknowledged_retained_message_outlives_a_kill(identity, server):
    writer = Client(identity, "writer")
    for number in range(50):
        writer.publish(f"kept/{number}", f"value {number}", retain=True)
    server.kill()
    server.start()
    reader = Client(identity, "reader")
    for number in range(50):
        reader.subscribe((f"kept/{number}", 1))
        assert reader.next().payload == f"value {number}".encode()
    reader.close()


def test_api_reads_what_devices_retained(identity, server):
    writer = Client(identity, "writer")
    writer.publish("api/a", "one", retain=True, properties=properties(PacketTypes.PUBLISH, UserProperty=[("k", "1"), ("k", "2")]))
    writer.publish("api/b", "", retain=True)
    data = server.boto("iot-data")
    got = data.get_retained_message(topic="api/a")
    assert (got["topic"], got["payload"], got["qos"]) == ("api/a", b"one", 1)
    properties_read = got.get("userProperties")
    assert properties_read is None or json.loads(properties_read) == [{"k": "1"}, {"k": "2"}]
    with pytest.raises(botocore.exceptions.ClientError) as none:
        data.get_retained_message(topic="api/b")
    assert none.value.response["Error"]["Code"] == "ResourceNotFoundException"
    topics, token = [], None
    while True:
        page = data.list_retained_messages(maxResults=7, **({"nextToken": token} if token else {}))
        topics += [row["topic"] for row in page["retainedTopics"]]
        token = page.get("nextToken")
        if not token:
            break
    assert "api/a" in topics and "api/b" not in topics and topics == sorted(topics)
    writer.close()


def test_one_worker_of_a_shared_subscription_gets_each_message(identity):
    workers = [Client(identity, f"worker-{number}", version=version) for number, version in enumerate((4, 5, 5))]
    for worker in workers:
        worker.subscribe(("$share/workers/orders/#", 1))
    writer = Client(identity, "writer")
    for number in range(90):
        writer.publish(f"orders/{number}", str(number))
    until(lambda: sum(worker.messages.qsize() for worker in workers) >= 90, 10, "90 messages at the workers together")
    got = [[worker.next().payload.decode() for _ in range(worker.messages.qsize())] for worker in workers]
    assert sorted(sum(got, [])) == sorted(map(str, range(90)))
    assert all(worker.silent(0.2) for worker in workers)
    assert all(len(mine) > 5 for mine in got), [len(mine) for mine in got]
    for client in (*workers, writer):
        client.close()


def test_messages_wait_for_the_workers_that_come_back(identity, server):
    worker = Client(identity, "night-worker", clean=False, expiry=600)
    worker.subscribe(("$share/night/orders/#", 1))
    worker.drop()
    writer = Client(identity, "writer")
    for number in range(30):
        writer.publish("orders/x", str(number))
    server.kill()
    server.start()
    worker = Client(identity, "night-worker", clean=False, expiry=600)
    assert worker.connack[0]["session present"] == 1
    assert sorted(int(worker.next().payload) for _ in range(30)) == list(range(30))
    worker.close()


def drained(waiting: queue.Queue) -> list:
    out = []
    while not waiting.empty():
        out.append(waiting.get())
    return out


def test_acknowledged_messages_to_persistent_sessions_outlive_kills_under_load(identity, server):
    """A session that is connected and one that is away: whatever was acknowledged to its publisher arrives at both."""
    rng = random.Random(20261124)
    kills, flood = 4, 600

    def resume(client_id):
        client = Client(identity, client_id, clean=False, expiry=3000)
        assert client.connack[0]["session present"] == 1
        return client

    for client_id in ("present", "away"):
        first = Client(identity, client_id, clean=False, expiry=3000)
        assert first.subscribe(("load/#", 1)) == [1]
        first.drop()
    present, got, acknowledged = resume("present"), set(), set()
    for kill in range(kills):
        writer, numbers = Client(identity, f"flood-{kill}"), {}
        writer.paho.max_inflight_messages_set(50)
        for number in range(kill * flood, (kill + 1) * flood):
            numbers[writer.paho.publish(f"load/{number % 7}", str(number), 1).mid] = number
        acks = [writer.pubacks.get(timeout=20) for _ in range(rng.randrange(100, 500))]
        server.kill()
        writer.drop()
        present.drop()
        acknowledged |= {numbers[mid] for mid in acks + drained(writer.pubacks)}
        got |= {int(message.payload) for message in drained(present.messages)}
        server.start()
        present = resume("present")
    assert len(acknowledged) >= 100 * kills

    def all_arrived(client, have):
        have |= {int(message.payload) for message in drained(client.messages)}
        return acknowledged <= have

    until(lambda: all_arrived(present, got), 30, "every acknowledged message at the connected session")
    away, later = resume("away"), set()
    until(lambda: all_arrived(away, later), 30, "every acknowledged message at the session that was away")
    print(f"{len(acknowledged)} acknowledged over {kills} kills")
    present.close()
    away.close()


def policy(*statements) -> str:
    rows = [{"Effect": effect, "Action": [f"iot:{action}" for action in actions.split()], "Resource": f"arn:aws:iot:us-east-1:561470034375:{resource}"}
            for effect, actions, resource in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": rows})


def test_what_the_registry_changes_reaches_open_connections(server, tmp_path):
    always = (("Allow", "Connect", "client/*"), ("Allow", "Subscribe", "topicfilter/line/${iot:Connection.Thing.Attributes[line]}"))
    open_policy = policy(*always, ("Allow", "Subscribe", "topicfilter/open"), ("Allow", "Publish Receive", "topic/open"))
    closed_policy = policy(*always, ("Allow", "Subscribe", "topicfilter/open"), ("Allow", "Publish", "topic/open"))
    device = Identity(server, tmp_path, "changing", open_policy)
    iot = server.boto("iot")
    iot.create_thing(thingName="mover", attributePayload={"attributes": {"line": "a"}})
    iot.attach_thing_principal(thingName="mover", principal=device.certificate_arn)
    client = Client(device, "mover")

    def becomes(name: str, code: int):
        until(lambda: client.subscribe((name, 1)) == [code], 5, f"{code:#x} for {name}")

    assert client.subscribe(("open", 1)) == [1] and client.subscribe(("line/a", 1)) == [1]
    iot.update_thing(thingName="mover", attributePayload={"attributes": {"line": "b"}})
    becomes("line/a", 0x87)
    becomes("line/b", 1)
    iot.detach_thing_principal(thingName="mover", principal=device.certificate_arn)
    becomes("line/b", 0x87)
    iot.attach_thing_principal(thingName="mover", principal=device.certificate_arn)
    becomes("line/b", 1)
    # Another policy, without iot:Receive: the subscription stays, nothing more arrives on it.
    client.publish("open", "1")
    assert client.next().payload == b"1"
    iot.create_policy(policyName="deaf", policyDocument=closed_policy)
    iot.attach_policy(policyName="deaf", target=device.certificate_arn)
    iot.detach_policy(policyName="changing", target=device.certificate_arn)

    def hears():
        client.publish("open", "2")
        return not client.silent(0.2)

    until(lambda: not hears(), 5, "silence without iot:Receive")
    iot.attach_policy(policyName="changing", target=device.certificate_arn)
    until(hears, 5, "messages with iot:Receive again")
    iot.detach_policy(policyName="deaf", target=device.certificate_arn)
    iot.detach_policy(policyName="changing", target=device.certificate_arn)
    becomes("open", 0x87)
    # A policy of the thing's group.
    iot.create_thing_group(thingGroupName="movers")
    iot.attach_policy(policyName="changing", target=iot.describe_thing_group(thingGroupName="movers")["thingGroupArn"])
    iot.add_thing_to_thing_group(thingGroupName="movers", thingName="mover")
    becomes("open", 1)
    iot.remove_thing_from_thing_group(thingGroupName="movers", thingName="mover")
    becomes("open", 0x87)
    client.close()


@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_certificate_that_is_no_longer_active_is_cut_off(server, tmp_path, status):
    device = Identity(server, tmp_path, f"cut-{status}")
    iot = server.boto("iot")
    old, new, bystander = Client(device, "old", version=4), Client(device, "new"), Client(Identity(server, tmp_path, f"by-{status}"), "bystander")
    iot.update_certificate(certificateId=device.certificate_id, newStatus=status)
    assert new.ends.get(timeout=5).value == 0x87
    assert old.ends.get(timeout=5) != 0
    with pytest.raises(AssertionError, match="CONNACK"):
        Client(device, "new")
    iot.update_certificate(certificateId=device.certificate_id, newStatus="ACTIVE")
    until(lambda: Client(device, "new").close() is None, 5, "a connection with an active certificate")
    assert bystander.ends.empty() and bystander.subscribe(("open", 1)) == [1]
    bystander.close()
