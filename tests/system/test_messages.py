# SPDX-License-Identifier: Apache-2.0
"""What devices tell each other: retained messages, driven by Eclipse Paho and mosquitto's programs."""
import base64
import json

import botocore.exceptions
import pytest
from paho.mqtt.packettypes import PacketTypes

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
