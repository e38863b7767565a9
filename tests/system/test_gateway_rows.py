# SPDX-License-Identifier: Apache-2.0
"""Limits, deviations, refusals, policies and reserved topics as the fact sheet of the gateway lists them, row by row, seen
by Eclipse Paho and mosquitto's programs; byte by byte where those have too good manners. docs/interoperability.md says which row is
tested where."""
import json

import pytest
from paho.mqtt.packettypes import PacketTypes

import raw_mqtt
from mqtt_client import Client, Identity, properties
from raw_mqtt import Wire

BOTH = pytest.mark.parametrize("version", [4, 5])
ACCOUNT_ARN = "arn:aws:iot:*:*:"


def policy(*statements) -> str:
    """Each statement is an action and its resources, or a whole statement."""
    made = [each if isinstance(each, dict) else {"Effect": "Allow", "Action": each[0], "Resource": [ACCOUNT_ARN + resource for resource in each[1:]]}
            for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": made})


CONNECT = ("iot:Connect", "client/*")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="module")
def identity(server, folder):
    return Identity(server, folder, "rows")


@pytest.fixture
def limited(server, folder, request):
    """Certificates with policies of their own."""
    made = []

    def make(text: str) -> Identity:
        made.append(Identity(server, folder, f"limited-{abs(hash(request.node.name)) % 10**8}-{len(made)}", text))
        return made[-1]
    return make


def mosquitto_says(identity, version: int, *arguments) -> str:
    """What mosquitto_pub prints of a refused QoS 1 message of MQTT 5."""
    return identity.mosquitto("mosquitto_pub", "-V", str(version), "-q", 1, *arguments, check=False).stderr


def connack(identity, packet: bytes) -> int:
    wire = Wire(identity)
    wire.send(packet)
    code = wire.expect(raw_mqtt.CONNACK).body[1]
    wire.drop()
    return code


# 1.3 Limits

@BOTH
def test_client_id_of_128_bytes_and_no_more(identity, version):
    assert connack(identity, raw_mqtt.connect("c" * 128, version)) == 0
    refused = 0x85 if version == 5 else 2
    assert connack(identity, raw_mqtt.connect("c" * 129, version)) == refused
    assert connack(identity, raw_mqtt.connect("$c", version)) == refused
    done = identity.mosquitto("mosquitto_pub", "-V", {4: "311", 5: "5"}[version], "-i", "$c", "-t", "t", "-m", "x", check=False)
    assert done.returncode != 0 and done.stderr.strip()


@pytest.mark.parametrize("asked, given", [(0, 1200), (1, 30), (29, 30), (30, 30), (1200, 1200), (1201, 1200)])
def test_keep_alive_is_negotiated(identity, asked, given):
    wire = Wire(identity)
    assert b"\x13" + given.to_bytes(2, "big") in wire.open("keeps", keep_alive=asked).body
    wire.drop()


@BOTH
def test_payload_of_128_kb_and_no_more(identity, version):
    client = Client(identity, "payload", version)
    client.subscribe(("payload", 1))
    client.publish("payload", "x" * 131_072)
    assert len(client.next().payload) == 131_072
    client.paho.publish("payload", "x" * 131_073, 1)
    reason = client.ends.get(timeout=10)
    assert reason != 0 if version == 4 else reason.value == 0x95
    client.drop()


def test_topics_of_256_bytes_and_seven_slashes_and_no_more(identity):
    client = Client(identity, "topics")
    for topic in ("t" * 256, "/" * 7, "a/b/c/d/e/f/g/h"):
        assert client.subscribe((topic, 1)) == [1]
        client.publish(topic, "x")
        assert client.next().topic == topic
    for topic in ("t" * 257, "a/b/c/d/e/f/g/h/i"):
        assert client.subscribe((topic, 1)) == [0x8f]
        assert "Topic Name invalid" in mosquitto_says(identity, 5, "-t", topic, "-m", "x")
    client.close()


@BOTH
def test_eight_filters_a_request_and_fifty_a_connection(identity, version):
    client = Client(identity, "filters", version)
    refused = 0x97 if version == 5 else 0x80
    assert client.subscribe(*((f"f/{n}", 1) for n in range(9))) == [refused] * 9
    for first in range(0, 48, 8):
        assert client.subscribe(*((f"f/{n}", 1) for n in range(first, first + 8))) == [1] * 8
    assert client.subscribe(("f/48", 1), ("f/49", 1), ("f/50", 1)) == [1, 1, refused]
    assert client.subscribe(("f/0", 0)) == [0]  # one that is there is no further one
    client.close()


@pytest.mark.parametrize("name, value", [("UserProperty", [("k", "v" * 8192)]), ("ContentType", "c" * 257), ("CorrelationData", b"c" * 8193)])
def test_properties_past_their_limits_are_a_quota_exceeded(identity, name, value):
    command = {"UserProperty": ["user-property", "k", "v" * 8192], "ContentType": ["content-type", "c" * 257],
               "CorrelationData": ["correlation-data", "c" * 8193]}[name]
    assert "Quota exceeded" in mosquitto_says(identity, 5, "-t", "t", "-m", "x", "-D", "publish", *command)


def test_response_topic_obeys_the_limits_of_topics(identity):
    assert "Topic Name invalid" in mosquitto_says(identity, 5, "-t", "t", "-m", "x", "-D", "publish", "response-topic", "r" * 257)


def test_maximum_packet_size_of_a_client_is_at_least_512_and_is_kept(identity):
    assert connack(identity, raw_mqtt.connect("small", properties=b"\x27\0\0\x01\xff")) == 0x80
    small, sender = Wire(identity), Client(identity, "sender")
    assert small.open("small", properties=b"\x27\0\0\x02\x00").body[1] == 0 and small.subscribe("small") == b"\x01"
    sender.publish("small", "x" * 600)
    sender.publish("small", "fits")
    assert raw_mqtt.message(small.expect(raw_mqtt.PUBLISH)).payload == b"fits"
    small.drop()
    sender.close()


@BOTH
def test_hundred_messages_without_an_acknowledgement_and_no_more(identity, version):
    wire, sender = Wire(identity), Client(identity, "sender")
    assert wire.open("window", version).body[1] == 0 and wire.subscribe("window") == b"\x01"
    for number in range(101):
        sender.publish("window", str(number))
    got = [raw_mqtt.message(wire.expect(raw_mqtt.PUBLISH), version) for _ in range(100)]
    wire.send(raw_mqtt.PINGREQ)
    assert wire.next().type == raw_mqtt.PINGRESP, "the 101st waits"
    wire.send(raw_mqtt.puback(got[50].packet_id))
    assert raw_mqtt.message(wire.expect(raw_mqtt.PUBLISH), version).payload == b"100"
    wire.drop()
    sender.close()


def test_receive_maximum_of_the_client_counts_if_it_is_lower(identity):
    wire, sender = Wire(identity), Client(identity, "sender")
    assert wire.open("window", properties=b"\x21\0\2").body[1] == 0 and wire.subscribe("window") == b"\x01"
    for number in range(3):
        sender.publish("window", str(number))
    got = [raw_mqtt.message(wire.expect(raw_mqtt.PUBLISH)) for _ in range(2)]
    wire.send(raw_mqtt.PINGREQ)
    assert wire.next().type == raw_mqtt.PINGRESP
    wire.send(raw_mqtt.puback(got[0].packet_id))
    assert raw_mqtt.message(wire.expect(raw_mqtt.PUBLISH)).payload == b"2"
    wire.drop()
    sender.close()


@pytest.mark.parametrize("alias, reason", [(8, None), (9, 0x94)])
def test_topic_aliases_one_to_eight(identity, alias, reason):
    client = Client(identity, "alias")
    client.subscribe(("alias", 1))
    client.paho.publish("alias", "by alias", 1, properties=properties(PacketTypes.PUBLISH, TopicAlias=alias))
    if reason:
        assert client.ends.get(timeout=10).value == reason
        return client.drop()
    assert client.next().payload == b"by alias"
    client.close()


# 1.5 Deviations

@BOTH
def test_hash_does_not_match_its_parent_nor_what_starts_with_a_dollar(identity, version):
    client = Client(identity, "hash", version)
    client.subscribe(("sensor/#", 1), ("#", 0), ("+/shadow/#", 0))
    client.publish("sensor", "parent")
    got = client.next()
    assert (got.topic, got.qos) == ("sensor", 0), "by # alone"
    for topic in ("sensor/", "sensor/a", "sensor/a/b"):
        client.publish(topic, "child")
        got = client.next()
        assert (got.topic, got.qos) == (topic, 1)
    client.publish("$aws/things/hash/shadow/get", "{}", 0)
    client.publish("sensor/end", "end")
    while (got := client.next()).topic != "sensor/end":
        assert got.topic.startswith("$aws/things/hash/shadow/get/"), "answers of the service to the requester are not by #"
    client.close()


@BOTH
def test_qos_is_the_lower_of_what_was_sent_and_what_was_granted(identity, version):
    client = Client(identity, "lower", version)
    client.subscribe(("lower/0", 0), ("lower/1", 1))
    for topic, sent, got in (("lower/0", 0, 0), ("lower/0", 1, 0), ("lower/1", 0, 0), ("lower/1", 1, 1)):
        client.publish(topic, "x", sent)
        assert client.next().qos == got
    client.close()


def test_messages_cross_versions_and_sessions_do_not(identity):
    three = Client(identity, "crosses", 4, clean=False)
    three.subscribe(("crosses", 1))
    five = Client(identity, "five", 5)
    five.publish("crosses", "from five", properties=properties(PacketTypes.PUBLISH, UserProperty=("k", "v")))
    assert three.next().payload == b"from five"
    three.close()
    wire = Wire(identity)
    assert wire.open("crosses", 5, clean=False).body[:2] == b"\0\0", "no session is present"
    wire.drop()
    five.close()


def test_qos_2_is_disconnected_in_mqtt_5_and_unanswered_in_mqtt_3(identity):
    wire = Wire(identity)
    wire.open("twice")
    wire.send(raw_mqtt.publish("t", b"x", 2))
    assert wire.ends() == 0x9b
    wire = Wire(identity)
    wire.open("twice", 4)
    wire.send(raw_mqtt.publish("t", b"x", 2, version=4) + raw_mqtt.subscribe("t", options=2, version=4) + raw_mqtt.PINGREQ)
    assert wire.next().type == raw_mqtt.PINGRESP
    wire.drop()


def test_subscription_identifiers_are_refused(identity):
    client = Client(identity, "identifier")
    client.paho.subscribe([("t", 1)], properties=properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=7))
    assert client.ends.get(timeout=10).value == 0xa1
    client.drop()


def test_redelivery_carries_no_dup_flag(identity):
    persistent = {"clean": False, "properties": b"\x11\0\0\x0e\x10"}
    wire, sender = Wire(identity), Client(identity, "sender")
    wire.open("again", **persistent)
    wire.subscribe("again")
    sender.publish("again", "x")
    assert wire.expect(raw_mqtt.PUBLISH).flags == 0b0010
    wire.drop()
    wire = Wire(identity)
    wire.open("again", **persistent)
    got = wire.expect(raw_mqtt.PUBLISH)
    assert got.flags == 0b0010 and raw_mqtt.message(got).payload == b"x"
    wire.send(b"\xe0\x07\x00\x05\x11\x00\x00\x00\x00")
    wire.ends()
    sender.close()


# 1.11 Violations

@pytest.mark.parametrize("qos", [0, 1])
def test_denied_publish_costs_an_old_client_its_connection(limited, qos):
    client = Client(limited(policy(CONNECT)), "denied", 4)
    client.paho.publish("t", "x", qos)
    assert client.ends.get(timeout=10) != 0
    assert qos == 0 or client.pubacks.empty()  # of QoS 0 Paho itself says that it is out
    client.drop()


def test_denied_publish_is_told_to_mqtt_5(limited):
    narrow = limited(policy(CONNECT))
    assert "Not authorized" in mosquitto_says(narrow, 5, "-t", "t", "-m", "x")
    client = Client(narrow, "denied")
    client.paho.publish("t", "x", 0)
    assert client.ends.get(timeout=10).value == 0x87
    client.drop()


def test_denied_filter_costs_an_old_client_its_connection_and_has_a_code_of_its_own_in_mqtt_5(limited):
    narrow = limited(policy(CONNECT, ("iot:Subscribe", "topicfilter/ok")))
    client = Client(narrow, "denied", 4)
    client.paho.subscribe([("ok", 1), ("t", 1)])
    assert client.ends.get(timeout=10) != 0 and client.subacks.empty()
    client.drop()
    client = Client(narrow, "denied")
    assert client.subscribe(("ok", 1), ("t", 1)) == [1, 0x87]
    client.close()
    assert "denied" in narrow.mosquitto("mosquitto_sub", "-V", "5", "-t", "t", "-W", 5, check=False).stderr


@BOTH
def test_without_receive_nothing_arrives_and_nobody_is_told(limited, version):
    client = Client(limited(policy(CONNECT, ("iot:Publish", "topic/*"), ("iot:Subscribe", "topicfilter/*"), ("iot:Receive", "topic/ok"))), "deaf", version)
    client.subscribe(("t", 1), ("ok", 1))
    client.publish("t", "x")
    client.publish("ok", "y")
    assert client.next().topic == "ok"
    client.close()


@BOTH
def test_second_connect_ends_the_connection(identity, version):
    wire = Wire(identity)
    wire.open("twice", version)
    wire.send(raw_mqtt.connect("twice", version))
    assert wire.ends() == (0x82 if version == 5 else 0)


# 2.3, 2.5, 2.7 Policies

@pytest.mark.parametrize("resource, text, allowed", [
    ("a/*", "a/#", True), ("a/*", "a/b/+", True), ("a/*", "a/b/c", True), ("a/*", "a", False), ("a/+", "a/+", True), ("a/+", "a/b", False), ("a/#", "a/b", False),
    ("a/?", "a/b", True), ("a/?", "a/bc", False), ("a*", "ab/c", True), ("A/b", "a/b", False), ("*", "$aws/things/x/jobs/notify", True)])
def test_patterns_of_resources(limited, resource, text, allowed):
    client = Client(limited(policy(CONNECT, ("iot:Subscribe", f"topicfilter/{resource}"))), "patterns")
    assert client.subscribe((text, 1)) == [1 if allowed else 0x87]
    client.close()


@pytest.mark.parametrize("statements, mistake", [
    ([CONNECT, ("iot:Subscribe", "topic/*")], "subscribe"),
    ([CONNECT, ("iot:Publish", "topicfilter/*")], "publish"),
    ([CONNECT, ("iot:Publish", "topic/t/#")], "publish"),
    ([("iot:Connect", "topic/*")], "connect"),
    ([("iot:Connect", "client/${iot:Connection.Thing.ThingName}")], "connect"),
    ([CONNECT, ("iot:Publish", "topic/*"), {"Effect": "Deny", "Action": "iot:*", "Resource": "arn:aws:iot:*:*:topic/t/1"}], "publish")])
def test_classic_mistakes(limited, server, statements, mistake):
    narrow = limited(policy(*statements))
    log_at = len(server.log())
    if mistake == "connect":
        assert connack(narrow, raw_mqtt.connect("mistaken")) == 0x87 and connack(narrow, raw_mqtt.connect("mistaken", 4)) == 5
    elif mistake == "publish":
        assert "Not authorized" in mosquitto_says(narrow, 5, "-t", "t/1", "-m", "x")
    else:
        client = Client(narrow, "mistaken")
        assert client.subscribe(("t/1", 1)) == [0x87]
        client.close()
    refused = [line for line in server.log()[log_at:].splitlines() if "refused operation=" in line]
    assert refused and "iot:" in refused[0], "the log says what decided it"


def test_will_without_publish_and_retain_without_retain_publish(limited):
    narrow = limited(policy(CONNECT, ("iot:Publish", "topic/ok")))
    assert connack(narrow, raw_mqtt.connect("will", will=("other", b"x"))) == 0x87
    assert connack(narrow, raw_mqtt.connect("will", 4, will=("other", b"x"))) == 5
    assert connack(narrow, raw_mqtt.connect("will", will=("ok", b"x"))) == 0
    assert "Not authorized" in mosquitto_says(narrow, 5, "-t", "ok", "-m", "x", "-r")


def test_variables(limited, server):
    iot = server.boto("iot")
    iot.create_thing(thingName="varied", attributePayload={"attributes": {"line": "7"}})
    by_client = limited(policy(("iot:Connect", "client/${iot:ClientId}"), ("iot:Subscribe", "topicfilter/of/${iot:ClientId}/*")))
    client = Client(by_client, "varied-1")
    assert client.subscribe(("of/varied-1/t", 1), ("of/varied-2/t", 1)) == [1, 0x87]
    client.close()
    by_thing = limited(policy(("iot:Connect", "client/${iot:Connection.Thing.ThingName}"),
                              ("iot:Subscribe", "topicfilter/line/${iot:Connection.Thing.Attributes[line]}", "topicfilter/cert/${iot:CertificateId}")))
    assert connack(by_thing, raw_mqtt.connect("varied")) == 0x87, "not attached"
    iot.attach_thing_principal(thingName="varied", principal=by_thing.certificate_arn)
    client = Client(by_thing, "varied")
    assert client.subscribe(("line/7", 1), ("line/8", 1), (f"cert/{by_thing.certificate_id}", 1)) == [1, 0x87, 1]
    client.close()
    assert connack(by_thing, raw_mqtt.connect("another")) == 0x87
    attached = limited(policy({"Effect": "Allow", "Action": "iot:Connect", "Resource": "*", "Condition": {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}}))
    assert connack(attached, raw_mqtt.connect("varied")) == 0x87
    iot.attach_thing_principal(thingName="varied", principal=attached.certificate_arn)
    assert connack(attached, raw_mqtt.connect("varied")) == 0


WILL, KEPT = {"will": ("w", b"x")}, {"clean": False}


@pytest.mark.parametrize("operator, names, admitted", [
    ("ForAllValues:StringEquals", ["PersistentConnect"], [{}, KEPT]), ("ForAllValues:StringEquals", ["LastWill"], [{}, WILL]),
    ("ForAllValues:StringEquals", ["PersistentConnect", "LastWill"], [{}, WILL, KEPT, {**WILL, **KEPT}]),
    ("ForAnyValue:StringEquals", ["PersistentConnect"], [KEPT, {**WILL, **KEPT}]), ("ForAllValues:StringNotEquals", ["PersistentConnect"], [{}, WILL])])
def test_connect_attributes(limited, operator, names, admitted):
    narrow = limited(policy({"Effect": "Allow", "Action": "iot:Connect", "Resource": "*", "Condition": {operator: {"iot:ConnectAttributes": names}}},
                            ("iot:Publish", "topic/w")))
    for options in ({}, WILL, KEPT, {**WILL, **KEPT}):
        assert connack(narrow, raw_mqtt.connect("attributes", 4, **options)) == (0 if options in admitted else 5), options


# 3 Reserved topics

@pytest.mark.parametrize("topic, text", [
    ("$own", "Topic Name invalid"), ("$aws/own", "Topic Name invalid"), ("$aws/rules/r", "Topic Name invalid"), ("$aws/things/T/tunnels/notify", "Topic Name invalid"),
    ("$aws/events/job/j/completed", "Topic Name invalid"), ("$aws/things/T/shadow/update/accepted", "Topic Name invalid")])
def test_reserved_topics_are_refused_to_whoever_may_not_publish_there(identity, topic, text):
    assert text in mosquitto_says(identity, 5, "-t", topic, "-m", "x")
    client = Client(identity, "reserved", 4)
    client.paho.publish(topic, "x", 1)
    assert client.ends.get(timeout=10) != 0
    client.drop()


def test_nothing_is_retained_on_reserved_topics(identity):
    assert "Not authorized" in mosquitto_says(identity, 5, "-t", "$aws/things/T/shadow/update", "-m", "{}", "-r")


def test_unknown_reserved_filters_are_refused(identity):
    client = Client(identity, "reserved")
    assert client.subscribe(("$own/#", 1), ("$aws/things/T/jobs/notify-next", 1)) == [0x8f, 1]
    client.close()
