# SPDX-License-Identifier: Apache-2.0
"""Streams as the fact sheet of the gateway lists them (section 4), row by row, seen by Eclipse Paho: both encodings, bitmaps, every
rejection."""
import base64
import json

import pytest

from handmade import Handmade
from mqtt_client import Client, Identity


@pytest.fixture(scope="module")
def identity(server, tmp_path_factory):
    return Identity(server, tmp_path_factory.mktemp("streams"), "stream-rows")


@pytest.fixture(scope="module")
def stream(server):
    """The worked example: 600 bytes, three blocks of 256."""
    made = Handmade(server, "streamed", (b"0123456789ABCDEF" * 38)[:600])
    made.make_stream()
    return made


def asked(identity, stream, verb: str, form: str, payload: bytes, count: int = 1, subscribe: bool = True):
    """The answers that come to a Paho client."""
    client, topic = Client(identity, "streamed", 4), f"$aws/things/streamed/streams/{stream}"
    if subscribe:
        client.subscribe(*((f"{topic}/{answer}/{form}", 0) for answer in ("description", "data", "rejected")))
    client.publish(f"{topic}/{verb}/{form}", payload, 0)
    got = [client.next() for _ in range(count)]
    assert client.silent(0.1)
    client.close()
    return [(message.topic.removeprefix(topic + "/"), message.payload) for message in got]


BLOCK_2 = b"0123456789ABCDEF" * 5 + b"01234567"


@pytest.mark.parametrize("subscribe", [True, False])
def test_stream_is_described_and_read_in_json(identity, stream, subscribe):
    (topic, payload), = asked(identity, stream.stream, "describe", "json", b'{"c":"t1"}', subscribe=subscribe)
    said = json.loads(payload)
    assert topic == "description/json" and (said["c"], said["s"], said["r"]) == ("t1", 1, [{"f": 0, "z": 600}])
    (topic, payload), = asked(identity, stream.stream, "get", "json", b'{"c":"t1","s":1,"f":0,"l":256,"o":2,"n":1}', subscribe=subscribe)
    assert topic == "data/json" and json.loads(payload) == {"c": "t1", "f": 0, "l": 88, "i": 2, "p": base64.b64encode(BLOCK_2).decode()}


def test_stream_is_read_in_cbor(identity, stream):
    (topic, payload), = asked(identity, stream.stream, "get", "cbor", bytes.fromhex("a66163627431617301616600616c190100616f02616e01"))
    assert topic == "data/cbor" and payload in (bytes.fromhex("a5" + "6163627431616600616c185861690261705858") + BLOCK_2,
                                                bytes.fromhex("bf" + "6163627431616600616c185861690261705858") + BLOCK_2 + b"\xff")


@pytest.mark.parametrize("bitmap", ['"BQ=="', '"0x05"'])
def test_bitmap_names_the_blocks(identity, stream, bitmap):
    got = asked(identity, stream.stream, "get", "json", b'{"f":0,"l":256,"o":0,"b":%s,"n":2}' % bitmap.encode(), 2)
    assert [(json.loads(payload)["i"], json.loads(payload)["l"]) for _, payload in got] == [(0, 256), (2, 88)]


@pytest.mark.parametrize("form, payload, code", [
    ("json", b"{", "InvalidJson"), ("cbor", b"{}", "InvalidCbor"), ("json", b'{"l":256}', "InvalidRequest"), ("json", b'{"f":0,"l":"256"}', "InvalidRequest"),
    ("json", b'{"f":0,"l":256,"n":4}', "InvalidRequest"), ("json", b'{"f":0,"l":256,"n":0}', "InvalidRequest"),
    ("json", b'{"c":"%s","f":0,"l":256,"n":1}' % (b"c" * 65), "InvalidRequest"), ("json", b'{"f":0,"l":255,"n":1}', "BlockSizeOutOfBounds"),
    ("json", b'{"f":0,"l":131073,"n":1}', "BlockSizeOutOfBounds"), ("json", b'{"f":0,"l":256,"o":98305,"n":1}', "OffsetOutOfBounds"),
    ("json", b'{"f":0,"l":256,"n":98305}', "BlockCountLimitExceeded"), ("json", b'{"f":1,"l":256,"n":1}', "ResourceNotFound"),
    ("json", b'{"s":9,"f":0,"l":256,"n":1}', "VersionMismatch"), ("json", b'{"f":0,"l":256,"b":"%s"}' % base64.b64encode(b"\1" * 12288), "BlockBitmapLimitExceeded")])
def test_stream_rejections(identity, stream, form, payload, code):
    (topic, said), = asked(identity, stream.stream, "get", form, payload)
    assert topic == f"rejected/{form}"
    if form == "json":
        said = json.loads(said)
        assert said["code"] == said["o"] == code and said["message"] == said["m"]
    else:
        assert code.encode() in said


def test_stream_that_is_not_there(identity):
    (topic, said), = asked(identity, "none", "get", "json", b'{"f":0,"l":256,"n":1}')
    assert topic == "rejected/json" and json.loads(said)["code"] == "ResourceNotFound"


def test_answers_go_to_whoever_asked_alone(identity, stream):
    listener = Client(identity, "listener")
    listener.subscribe((f"$aws/things/streamed/streams/{stream.stream}/data/json", 1))
    asked(identity, stream.stream, "get", "json", b'{"f":0,"l":256,"o":0,"n":1}')
    assert listener.silent(0.2)
    listener.close()
