# SPDX-License-Identifier: Apache-2.0
"""Peers that mean no good, or are broken. None of them may cost the others anything: two well-behaved clients in processes of
their own send and receive all the while, and their round trips, the server's memory and its log are judged after each.

Long forms: OTABAHN_HANDSHAKES=15000 OTABAHN_RETAINED=1000000.
"""
import contextlib
import os
import re
import socket
import ssl
import struct
import threading
import time
import urllib.request

import pytest

import malformed
import raw_mqtt
from cloud import Server, until
from handmade import Handmade
from mqtt_client import Identity
from raw_mqtt import Closed, Wire
from witness import Witness

HANDSHAKES = int(os.environ.get("OTABAHN_HANDSHAKES", 1500))
RETAINED = int(os.environ.get("OTABAHN_RETAINED", 2000))
MB = 1024 * 1024


@pytest.fixture(scope="module")
def identity(server, tmp_path_factory):
    return Identity(server, tmp_path_factory.mktemp("identity"), "peers")


@pytest.fixture(scope="module")
def witnesses(identity, tmp_path_factory):
    folder = tmp_path_factory.mktemp("witnesses")
    made = [Witness(identity, f"witness-{number}", folder) for number in range(2)]  # a loop is dealt one each
    yield made
    for witness in made:
        witness.stop()


def memory(server, line: str) -> int:
    with open(f"/proc/{server.process.pid}/status") as status:
        return int(re.search(rf"{line}:\s+(\d+) kB", status.read())[1]) * 1024


def refusals(server) -> dict:
    with urllib.request.urlopen(server.http + "/metrics", timeout=10) as answer:
        return {cause: float(count) for cause, count in re.findall(r'otabahn_gateway_refusals_total\{cause="(\w+)"\} (\S+)', answer.read().decode())}


@pytest.fixture
def undisturbed(server, witnesses):
    """Judges what happened meanwhile: memory at its peak, the log, the count of refusals, and the others' round trips."""
    @contextlib.contextmanager
    def judge(megabytes: int, says=(), refusal: str = ""):
        log_at, counted, start = len(server.log()), refusals(server), time.monotonic()
        with open(f"/proc/{server.process.pid}/clear_refs", "w") as peak:
            peak.write("5")
        before = memory(server, "VmRSS")
        yield
        for witness in witnesses:
            witness.check(start)
        grown = (memory(server, "VmHWM") - before) / MB
        assert grown < megabytes, f"the server grew by {grown:.1f} MB"
        for text in says:
            until(lambda: text in server.log()[log_at:], 10, f"`{text}` in the log: {server.log()[log_at:][-2000:]}")
        if refusal:
            until(lambda: refusals(server)[refusal] > counted[refusal], 10, f"the count of refusals for {refusal}")
    return judge


class Drip(threading.Thread):
    """Sends one byte a second; remembers when the server had enough."""

    def __init__(self, sock, data: bytes):
        super().__init__(daemon=True)
        self.sock, self.data, self.started, self.ended = sock, data, time.monotonic(), None
        self.start()

    def run(self):
        self.sock.settimeout(1)
        with contextlib.suppress(OSError):
            for byte in self.data:
                self.sock.sendall(bytes([byte]))
                try:
                    if self.sock.recv(4096) == b"":
                        break
                except TimeoutError:
                    pass
        self.ended = time.monotonic() - self.started


def client_hello() -> bytes:
    out = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


@pytest.fixture(scope="module")
def drips(server, identity):
    """Begun before everything else, so that nobody waits for their deadlines."""
    hello = socket.create_connection(raw_mqtt.address_of(server))
    return {"handshake": Drip(hello, client_hello()), "connect": Drip(Wire(identity).socket, raw_mqtt.connect("drip" * 20))}


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """Keep-alives of a second are kept, and long topics are allowed."""
    running = Server(tmp_path_factory.mktemp("extended"), "--quotas=extended")
    yield running
    assert running.stop() == 0


def test_slow_reader_of_a_qos_1_flood_is_cut_off(identity, drips, undisturbed):
    with undisturbed(40, ["cause=THROTTLED", "the client reads too slowly"], "quota"):
        slow, writer = Wire(identity, receive_buffer=4096), Wire(identity)
        assert slow.open("slow").body[1] == 0 and slow.subscribe("flood") == b"\x01"
        assert writer.open("writer").body[1] == 0
        for number in range(400):
            writer.send(raw_mqtt.publish("flood", bytes(32768), 1, number + 1))
            assert writer.expect(raw_mqtt.PUBACK).body[:2] == struct.pack("!H", number + 1)
        slow.drop()
        writer.drop()


def test_slow_reader_with_a_persistent_session_costs_disk_not_memory_and_gets_all(identity, undisturbed):
    expiry = b"\x11" + struct.pack("!I", 3600)
    with undisturbed(40):
        slow, writer = Wire(identity, receive_buffer=4096), Wire(identity)
        assert slow.open("slow-kept", properties=expiry).body[1] == 0 and slow.subscribe("flood") == b"\x01"
        assert writer.open("writer").body[1] == 0
        for first in range(0, 2000, 50):
            writer.send(b"".join(raw_mqtt.publish("flood", b"%5d" % number + bytes(4000), 1, number + 1) for number in range(first, first + 50)))
            for _ in range(50):
                writer.expect(raw_mqtt.PUBACK)
        got = set()
        while len(got) < 2000:
            message = raw_mqtt.message(slow.expect(raw_mqtt.PUBLISH))
            got.add(int(message.payload[:5]))
            slow.send(raw_mqtt.puback(message.packet_id))
        slow.send(b"\xe0\x07\x00\x05\x11\x00\x00\x00\x00")  # its session ends with it
        slow.ends()
        writer.drop()


def test_silent_peer_is_cut_off_when_its_keep_alive_has_passed(extended, tmp_path):
    identity = Identity(extended, tmp_path, "silent")
    heir, silent = Wire(identity), Wire(identity)
    assert heir.open("heir").body[1] == 0 and heir.subscribe("will/silent") == b"\x01"
    begin = time.monotonic()
    assert silent.open("silent", keep_alive=1, will=("will/silent", b"gone")).body[1] == 0
    assert raw_mqtt.message(heir.expect(raw_mqtt.PUBLISH)).payload == b"gone"
    assert 1.4 < time.monotonic() - begin < 6
    assert silent.ends() == 0x8d
    assert "cause=MQTT_KEEP_ALIVE_TIMEOUT" in extended.log() and "nothing was heard for one and a half times the keep-alive time" in extended.log()


def test_one_byte_a_second_does_not_keep_a_connection_alive(extended, tmp_path):
    identity = Identity(extended, tmp_path, "drip")
    slow = Wire(identity)
    assert slow.open("drip", keep_alive=1).body[1] == 0
    drip = Drip(slow.socket, raw_mqtt.publish("a", bytes(1000)))
    until(lambda: drip.ended, 10, "the end of a PUBLISH that comes byte by byte")
    assert drip.ended < 6


def test_handshakes_that_are_never_finished(server, identity, undisturbed):
    hello, sockets = client_hello(), []
    with undisturbed(30 + HANDSHAKES // 20, ["handshake not finished in time"]):
        try:
            for number in range(HANDSHAKES):
                sock = socket.create_connection(raw_mqtt.address_of(server), timeout=20)
                with contextlib.suppress(ConnectionError):
                    sock.sendall(hello if number % 2 else hello[:1])
                sockets.append(sock)
                if number % 500 == 499:
                    begin = time.monotonic()
                    newcomer = Wire(identity)
                    assert newcomer.open(f"newcomer-{number}").body[1] == 0
                    assert time.monotonic() - begin < 5, "a newcomer waits"
                    newcomer.drop()
            # The server lets go of each, without being asked.
            sockets[-1].settimeout(30)
            with contextlib.suppress(ConnectionError):
                while sockets[-1].recv(4096):
                    pass
        finally:
            for sock in sockets:
                sock.close()


@pytest.mark.parametrize("version", [4, 5])
def test_remaining_length_of_256_mb(identity, undisturbed, version):
    with undisturbed(8, ["cause=CLIENT_ERROR"], "malformed"):
        for _ in range(20):
            wire = Wire(identity)
            assert wire.open("huge", version).body[1] == 0
            wire.send(b"\x30\xff\xff\xff\x7f" + bytes(1000))
            assert wire.ends() == (0x95 if version == 5 else 0)
            first = Wire(identity)
            first.send(b"\x10\xff\xff\xff\x7f" + bytes(1000))
            first.ends()


def test_length_that_is_announced_and_never_sent_reserves_nothing(identity, undisturbed):
    with undisturbed(16):
        wires = []
        for number in range(50):
            wires.append(Wire(identity))
            assert wires[-1].open(f"announcer-{number}").body[1] == 0
            wires[-1].send(b"\x30" + raw_mqtt.variable(149_000) + bytes(10))
        for wire in wires:
            wire.drop()


def test_malformed_packets_end_the_connection_with_their_reason(server, identity, undisturbed):
    wrong = []
    with undisturbed(16, ["cause=CLIENT_ERROR"], "malformed"):
        for number, (name, data, reason) in enumerate(malformed.OPEN):
            wire = Wire(identity)
            assert wire.open(f"malformed-{number}").body[1] == 0
            wire.send(data)
            try:
                got = wire.ends(3)
            except TimeoutError:
                wrong.append(f"{name}: the connection stays")
                continue
            finally:
                wire.drop()
            allowed = [reason] if reason else [malformed.MALFORMED, malformed.PROTOCOL, 0x90]
            if got not in allowed:
                wrong.append(f"{name}: {got:#x} instead of {[hex(code) for code in allowed]}")
            line = next((line for line in reversed(server.log().splitlines()) if f"client=malformed-{number} " in line), "")
            if "cause=CLIENT_ERROR" not in line or 'what=""' in line:
                wrong.append(f"{name}: the log says {line!r}")
    assert not wrong, "\n".join(wrong)


def test_malformed_first_packets_are_refused(identity, undisturbed):
    wrong = []
    with undisturbed(16, ["cause=CLIENT_ERROR"], "malformed"):
        for name, data in malformed.FIRST:
            wire = Wire(identity)
            wire.send(data)
            try:
                got = wire.next(3)
                if got.type == raw_mqtt.CONNACK and got.body[1] < 0x80 and not (name.startswith("3.1.2.2") and got.body[1] == 1):
                    wrong.append(f"{name}: accepted")
                wire.ends(3)
            except TimeoutError:
                wrong.append(f"{name}: the connection stays")
            except Closed:
                pass
            wire.drop()
    assert not wrong, "\n".join(wrong)


def test_subscription_bombs(identity, undisturbed):
    with undisturbed(64, ["a connection has at most 50 subscriptions", "a SUBSCRIBE has at most 8 filters"], "quota"):
        bombers = []
        for number in range(40):
            wire = Wire(identity)
            assert wire.open(f"bomber-{number}").body[1] == 0
            for start in range(0, 48, 8):
                codes = wire.subscribe(*(f"+/bomb/+/+/+/{number}-{start + k}/+/#" for k in range(7)), "+/" * 7 + "#")
                assert set(codes) == {1}
            bombers.append(wire)
        last = bombers[-1]
        assert last.subscribe(*(f"more/{k}" for k in range(8))).count(b"\x97") == 1  # 43 were there
        assert set(last.subscribe(*(f"many/{k}" for k in range(9)))) == {0x97}
        # One topic that everybody's filter matches, and each gets one copy.
        last.send(raw_mqtt.publish("a/bomb/c/d/e/f/g/h", b"once", 1))
        for wire in bombers:
            assert raw_mqtt.message(wire.expect(raw_mqtt.PUBLISH)).payload == b"once"
        # Coming and going leaves nothing behind.
        for round_ in range(300):
            last.send(raw_mqtt.unsubscribe(*(f"more/{k}" for k in range(7))))
            last.expect(raw_mqtt.UNSUBACK)
            last.subscribe(*(f"more/{k}" for k in range(7)))
        for wire in bombers:
            wire.drop()


@pytest.mark.parametrize("version", [4, 5])
def test_topic_of_65535_bytes(identity, undisturbed, version):
    long = "t" * 65535
    with undisturbed(16, ["a topic has at most 256 bytes"], "topic"):
        wire = Wire(identity)
        assert wire.open("long", version).body[1] == 0
        wire.send(raw_mqtt.publish(long, b"x", 1, version=version))
        if version == 5:
            assert wire.expect(raw_mqtt.PUBACK).body[2] == 0x90
            assert wire.subscribe(long) == b"\x8f"
        assert wire.version == 5 or wire.ends() == 0
        wire.drop()
        for refused in (raw_mqtt.connect(long, version), raw_mqtt.connect("c", version, will=(long, b"x"))):
            wire = Wire(identity)
            wire.send(refused)
            assert wire.expect(raw_mqtt.CONNACK).body[1] in ((0x85, 0x90) if version == 5 else (2, 5))
            wire.drop()


def test_long_topic_is_carried_where_quotas_allow_it(extended, tmp_path):
    identity, long = Identity(extended, tmp_path, "long"), "t" * 65535
    wire = Wire(identity)
    assert wire.open("long").body[1] == 0 and wire.subscribe(long) == b"\x01"
    wire.send(raw_mqtt.publish(long, b"whole", 1))
    assert raw_mqtt.message(wire.expect(raw_mqtt.PUBLISH)).topic == long
    wire.drop()


def test_takeover_loop_of_one_client_id(server, identity, undisturbed):
    with undisturbed(24, ["cause=DUPLICATE_CLIENTID"]):
        before, current = server.log().count("cause=DUPLICATE_CLIENTID"), None
        for _ in range(150):
            newcomer = Wire(identity)
            assert newcomer.open("contested").body[1] == 0
            if current:
                assert current.ends() == 0x8e
                current.drop()
            current = newcomer
        assert current.subscribe("still/there") == b"\x01"
        current.drop()
        assert server.log().count("cause=DUPLICATE_CLIENTID") - before >= 149


def test_takeover_of_many_at_once_leaves_one(identity, undisturbed):
    with undisturbed(24):
        wires = [Wire(identity) for _ in range(40)]
        for wire in wires:
            wire.send(raw_mqtt.connect("crowd"))
        alive = []
        for wire in wires:
            try:
                wire.expect(raw_mqtt.CONNACK)
                wire.send(raw_mqtt.PINGREQ)
                wire.expect(raw_mqtt.PINGRESP)
                alive.append(wire)
            except Closed:
                pass
        for wire in alive[:-1]:
            wire.ends(5)
        alive[-1].send(raw_mqtt.PINGREQ)
        alive[-1].expect(raw_mqtt.PINGRESP)
        alive[-1].drop()


def cbor(value) -> bytes:
    def head(major: int, number: int) -> bytes:
        if number < 24:
            return bytes([major << 5 | number])
        return bytes([major << 5 | 25]) + struct.pack("!H", number) if number < 65536 else bytes([major << 5 | 26]) + struct.pack("!I", number)
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(5, len(value)) + b"".join(cbor(key) + cbor(each) for key, each in value.items())


def test_bitmap_bombs(server, identity, undisturbed):
    image = os.urandom(8 * MB)
    hand = Handmade(server, "bombed", image)
    hand.make_stream()
    topic = f"$aws/things/bombed/streams/{hand.stream}/get/cbor"
    ask = lambda **fields: raw_mqtt.publish(topic, cbor({"f": 0, "l": 256, "o": 0, "n": 98304, **fields}))
    with undisturbed(48):
        wire = Wire(identity)
        assert wire.open("bombed").body[1] == 0
        for fields, code in (({"b": b"\xff" * 12288}, b"BlockBitmapLimitExceeded"), ({"b": b"\0" * 12287}, b"InvalidRequest"),
                             ({"b": b"\0" * 12286 + b"\x80"}, b"InvalidRequest"), ({"b": b"\xff" * 12287, "o": 98305}, b"OffsetOutOfBounds"),
                             ({"b": b"\xff" * 12287, "n": 98305}, b"BlockCountLimitExceeded"), ({"b": b"\xff" * 12287, "l": 255}, b"BlockSizeOutOfBounds")):
            wire.send(ask(**fields))
            assert code in raw_mqtt.message(wire.expect(raw_mqtt.PUBLISH)).payload, fields.keys()
        # One request, 512 blocks; no more than 128 KB however many bits are set.
        wire.send(ask(b=b"\xff" * 12287))
        wire.send(raw_mqtt.PINGREQ)
        blocks = 0
        while (got := wire.next()).type != raw_mqtt.PINGRESP:
            blocks += got.type == raw_mqtt.PUBLISH
        while blocks < 512:
            wire.expect(raw_mqtt.PUBLISH)
            blocks += 1
        # Asking without reading: the server stops reading too.
        bomb = ask(b=b"\xff" * 12287) * 2000
        bombers = [Wire(identity, receive_buffer=4096) for _ in range(4)]
        for number, bomber in enumerate(bombers):
            assert bomber.open(f"bombed-{number}").body[1] == 0
            assert bomber.send_what_fits(bomb, 1) < len(bomb)
        for bomber in bombers:
            bomber.drop()


def test_retained_messages_by_the_thousand(server, identity, undisturbed):
    limit = 500_000
    with undisturbed(40 + RETAINED // 20_000):
        wire, answers = Wire(identity), []
        assert wire.open("keeper").body[1] == 0
        for first in range(0, RETAINED, 50):
            wire.send(b"".join(raw_mqtt.publish(f"bomb/{number}", b"x", 1, number % 60000 + 1, retain=True) for number in range(first, first + 50)))
            answers += [(wire.expect(raw_mqtt.PUBACK).body + b"\0\0\0")[2] for _ in range(50)]
        assert answers[:limit] == [0] * min(RETAINED, limit - 100) + answers[min(RETAINED, limit - 100):limit]
        assert RETAINED <= limit or set(answers[limit:]) == {0x97}
        # Whoever asks for everything gets none of them, and whoever names one gets it.
        assert wire.subscribe("bomb/#") == b"\x01"
        wire.send(raw_mqtt.PINGREQ)
        assert wire.next().type == raw_mqtt.PINGRESP
        assert wire.subscribe(f"bomb/{min(RETAINED, limit) // 2}") == b"\x01"
        assert raw_mqtt.message(wire.expect(raw_mqtt.PUBLISH)).retain
        wire.drop()


def test_one_byte_a_second_is_cut_off_in_time(server, drips):
    until(lambda: drips["handshake"].ended, 15, "the end of a handshake that comes byte by byte")
    assert 9 < drips["handshake"].ended < 15
    until(lambda: drips["connect"].ended, 40, "the end of a CONNECT that comes byte by byte")
    assert 29 < drips["connect"].ended < 36
    assert "handshake not finished in time" in server.log() and "no CONNECT in time" in server.log()


def test_the_others_lost_nothing_all_the_while(witnesses):
    for witness in witnesses:
        assert witness.process.poll() is None
        witness.check(0)
