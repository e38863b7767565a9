# SPDX-License-Identifier: Apache-2.0
"""Device shadows by real clients: mosquitto and paho over mutual TLS, boto3 and AWS's CLI over HTTPS, and a server that is killed."""
import json
import queue
import subprocess

import botocore.exceptions
import paho.mqtt.client as mqtt
import pytest

from cloud import Server, until


class Things:
    """A thing's bundle, and mosquitto's own tools with it."""

    def __init__(self, server: Server, folder, name: str):
        self.server, self.name, self.folder = server, name, folder / name
        server.otabahn("thing", "create", name, "--trust", server.signer_certificate, "--out", self.folder)
        self.host, self.port = server.endpoints["mqtt"].rsplit(":", 1)
        self.prefix = f"$aws/things/{name}/shadow"

    def mosquitto(self, program: str, *arguments) -> list:
        return [program, "-h", self.host, "-p", self.port, "-i", self.name, "--cafile", self.folder / "root-ca.pem", "--cert",
                self.folder / "certificate.pem", "--key", self.folder / "private.key", *arguments]

    def ask(self, suffix: str, payload: str, word: str = "accepted") -> dict:
        """One request by mosquitto_rr, which waits for the answer of that word."""
        message = ["-m", payload] if payload else ["-n"]
        done = subprocess.run(self.mosquitto("mosquitto_rr", "-t", f"{self.prefix}/{suffix}", "-e", f"{self.prefix}/{suffix}/{word}", *message, "-W", "10",
                                             "-q", "1"), capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, (done.stderr, self.server.log()[-2000:])
        return json.loads(done.stdout)


class Listener:
    """paho with a bundle's certificate: what it heard, in order."""

    def __init__(self, thing: Things, *filters: str, client_id: str | None = None):
        self.heard: queue.Queue = queue.Queue()
        ready: queue.Queue = queue.Queue()
        self.client = mqtt.Client(client_id=client_id or thing.name, protocol=mqtt.MQTTv5)
        self.client.tls_set(str(thing.folder / "root-ca.pem"), str(thing.folder / "certificate.pem"), str(thing.folder / "private.key"))
        self.client.on_message = lambda _client, _data, message: self.heard.put((message.topic, message.payload))
        self.client.on_subscribe = lambda _client, _data, _id, codes, _properties=None: ready.put(codes)
        self.client.on_connect = lambda client, *_: client.subscribe([(name, 1) for name in filters])
        self.client.connect(thing.host, int(thing.port))
        self.client.loop_start()
        assert all(code.value == 1 for code in ready.get(timeout=10))

    def next(self) -> tuple[str, dict]:
        topic, payload = self.heard.get(timeout=10)
        return topic, json.loads(payload)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def thing(server, tmp_path, request):
    return Things(server, tmp_path, "shadow-" + str(abs(hash(request.node.name)) % 10**10))


@pytest.fixture
def data(server):
    return server.boto("iot-data")


def read(response) -> dict:
    return json.loads(response["payload"].read())


def test_a_device_and_an_application_meet_in_the_shadow(thing, data):
    device = Listener(thing, f"{thing.prefix}/update/+")
    answer = read(data.update_thing_shadow(thingName=thing.name, payload=json.dumps({"state": {"desired": {"led": "on", "mode": {"x": 1}}}, "clientToken": "k1"})))
    assert answer["state"] == {"desired": {"led": "on", "mode": {"x": 1}}} and answer["version"] == 1 and answer["clientToken"] == "k1"
    (accepted, first), (delta, wanted), (documents, both) = device.next(), device.next(), device.next()
    assert [topic.rsplit("/", 1)[1] for topic in (accepted, delta, documents)] == ["accepted", "delta", "documents"]
    assert first == answer
    assert wanted["state"] == {"led": "on", "mode": {"x": 1}} and wanted["metadata"]["led"] == {"timestamp": answer["timestamp"]}
    assert both["previous"] == {} and both["current"]["version"] == 1
    device.client.publish(f"{thing.prefix}/update", json.dumps({"state": {"reported": {"led": "on", "mode": {"x": 1}}}}), qos=1)
    (accepted, second), (documents, both) = device.next(), device.next()
    assert second["version"] == 2 and "desired" not in second["state"] and documents.endswith("/documents")
    assert both["previous"]["version"] == 1 and "reported" not in both["previous"]["state"]
    whole = read(data.get_thing_shadow(thingName=thing.name))
    assert whole["state"] == {"desired": {"led": "on", "mode": {"x": 1}}, "reported": {"led": "on", "mode": {"x": 1}}}
    device.stop()


def test_mosquitto_asks_and_is_answered(thing):
    missing = thing.ask("get", "", "rejected")
    assert missing["code"] == 404 and missing["message"] == f"No shadow exists with name: '{thing.name}'"
    answer = thing.ask("update", '{"state":{"reported":{"fw":"1.0.0"}},"clientToken":"m"}')
    assert answer["version"] == 1 and answer["clientToken"] == "m"
    answer = thing.ask("get", '{"clientToken":"g"}')
    assert answer["state"] == {"reported": {"fw": "1.0.0"}} and answer["clientToken"] == "g"
    refusals = {'{"state":{"reported":{"fw":"2"}},"version":7}': "Version conflict", "{}": "Missing required node: state",
                "x" * 9000: "Json document too large.  Size is 9000, max allowed: 8192"}
    for payload, text in refusals.items():
        assert thing.ask("update", payload, "rejected")["message"] == text
    assert thing.ask("delete", "")["version"] == 1
    assert thing.ask("update", '{"state":{"reported":{"fw":"3"}}}')["version"] == 2


def test_named_shadows_are_apart_and_listed(thing, data):
    names = ["cfg", "net", "$pkg"]
    for name in names:
        assert thing.ask(f"name/{name}/update", json.dumps({"state": {"desired": {"me": name}}}))["version"] == 1
    listed = data.list_named_shadows_for_thing(thingName=thing.name)
    assert listed["results"] == sorted(names) and "nextToken" not in listed
    page = data.list_named_shadows_for_thing(thingName=thing.name, pageSize=2)
    assert data.list_named_shadows_for_thing(thingName=thing.name, pageSize=2, nextToken=page["nextToken"])["results"] == ["net"]
    assert read(data.get_thing_shadow(thingName=thing.name, shadowName="net"))["state"]["desired"] == {"me": "net"}
    assert read(data.delete_thing_shadow(thingName=thing.name, shadowName="net"))["version"] == 1
    with pytest.raises(data.exceptions.ResourceNotFoundException, match="No shadow exists with name: 'net'"):
        data.get_thing_shadow(thingName=thing.name, shadowName="net")
    assert thing.ask("get", "", "rejected")["code"] == 404


def test_https_refusals_have_the_names_of_the_model(thing, data):
    payloads = {b"{": data.exceptions.InvalidRequestException, b'{"state":{},"version":9}': data.exceptions.ConflictException,
                b" " * 8193: data.exceptions.RequestEntityTooLargeException, b'"\xff"': data.exceptions.UnsupportedDocumentEncodingException}
    for payload, expected in payloads.items():
        with pytest.raises(expected):
            data.update_thing_shadow(thingName=thing.name, payload=payload)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        data.get_thing_shadow(thingName="a b")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_cli_reads_and_writes_documents(thing, server, tmp_path):
    request, out = tmp_path / "request.json", tmp_path / "document.json"
    request.write_text('{"state":{"desired":{"a":21.50}}}')
    server.aws("iot-data", "update-thing-shadow", "--thing-name", thing.name, "--payload", f"fileb://{request}", out)
    assert '"a":21.50' in out.read_text()
    server.aws("iot-data", "get-thing-shadow", "--thing-name", thing.name, out)
    assert json.loads(out.read_text())["state"]["delta"] == {"a": 21.5}


def test_updates_of_a_client_that_is_gone_at_once_are_taken(thing, data):
    lines = "".join(json.dumps({"state": {"reported": {"n": number}}}) + "\n" for number in range(15))
    # QoS 0, a line a message, then DISCONNECT and away.
    subprocess.run(thing.mosquitto("mosquitto_pub", "-t", f"{thing.prefix}/update", "-l"), input=lines.encode(), check=True, timeout=30)

    def taken():
        try:
            answer = read(data.get_thing_shadow(thingName=thing.name))
        except data.exceptions.ResourceNotFoundException:
            return None
        return answer if answer["version"] == 15 else None

    assert until(taken, 10, "fifteen updates")["state"]["reported"] == {"n": 14}


def test_what_was_accepted_outlives_kill_9(server, thing):
    answer = thing.ask("update", '{"state":{"reported":{"seen":true}}}')
    server.kill()
    server.start()
    whole = thing.ask("get", "")
    assert whole["version"] == answer["version"] and whole["state"] == {"reported": {"seen": True}}


def test_extended_quotas_take_larger_documents(tmp_path):
    server = Server(tmp_path / "extended", "--quotas=extended")
    try:
        data = server.boto("iot-data")
        deep = {"leaf": "x" * 100_000}
        for _ in range(20):
            deep = {"k": deep}
        read(data.update_thing_shadow(thingName="T", payload=json.dumps({"state": {"desired": deep}})))
        assert read(data.get_thing_shadow(thingName="T"))["state"]["desired"] == deep
    finally:
        assert server.stop() == 0
