# SPDX-License-Identifier: Apache-2.0
"""MQTT byte by byte: packets as the specifications draw them, and a TLS connection that sends whatever it is told, also what no
library would. For bad peers, the soak and everything else that must not depend on a client's own manners."""
import collections
import functools
import socket
import ssl
import struct

CONNACK, PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 11, 13, 14
PINGREQ = b"\xc0\x00"
GOODBYE = b"\xe0\x00"


def variable(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def field(value) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + variable(len(body)) + body


def with_properties(version: int, properties: bytes) -> bytes:
    return variable(len(properties)) + properties if version == 5 else b""


def connect(client_id, version: int = 5, clean: bool = True, keep_alive: int = 60, properties: bytes = b"", will=None) -> bytes:
    """`will` is (topic, payload)."""
    flags = (2 if clean else 0) | (4 if will else 0)
    body = field("MQTT") + bytes([version, flags]) + struct.pack("!H", keep_alive) + with_properties(version, properties) + field(client_id)
    if will:
        body += with_properties(version, b"") + field(will[0]) + field(will[1])
    return packet(0x10, body)


def publish(topic, payload: bytes = b"", qos: int = 0, packet_id: int = 1, version: int = 5, properties: bytes = b"", retain: bool = False) -> bytes:
    head = field(topic) + (struct.pack("!H", packet_id) if qos else b"") + with_properties(version, properties)
    return packet(0x30 | qos << 1 | retain, head + payload)


def subscribe(*filters, packet_id: int = 1, options: int = 1, version: int = 5, properties: bytes = b"") -> bytes:
    return packet(0x82, struct.pack("!H", packet_id) + with_properties(version, properties) + b"".join(field(f) + bytes([options]) for f in filters))


def unsubscribe(*filters, packet_id: int = 1, version: int = 5) -> bytes:
    return packet(0xa2, struct.pack("!H", packet_id) + with_properties(version, b"") + b"".join(map(field, filters)))


def puback(packet_id: int) -> bytes:
    return packet(0x40, struct.pack("!H", packet_id))


Packet = collections.namedtuple("Packet", "type flags body")
Message = collections.namedtuple("Message", "topic payload qos packet_id retain")


def read_variable(data, at: int):
    """(value, where it ends), or None if it is not whole yet."""
    value = 0
    for count in range(4):
        if at + count >= len(data):
            return None
        value |= (data[at + count] & 0x7f) << 7 * count
        if not data[at + count] & 0x80:
            return value, at + count + 1
    raise ValueError("a length of more than four bytes")


class Packets:
    """Cuts what comes into packets."""

    def __init__(self):
        self.rest = bytearray()

    def feed(self, data: bytes):
        self.rest += data
        out, at = [], 0
        while at < len(self.rest):
            length = read_variable(self.rest, at + 1)
            if length is None or length[1] + length[0] > len(self.rest):
                break
            end = length[1] + length[0]
            out.append(Packet(self.rest[at] >> 4, self.rest[at] & 15, bytes(self.rest[length[1]:end])))
            at = end
        del self.rest[:at]
        return out


def message(got: Packet, version: int = 5) -> Message:
    size, = struct.unpack_from("!H", got.body)
    at, qos, packet_id = 2 + size, got.flags >> 1 & 3, 0
    if qos:
        packet_id, = struct.unpack_from("!H", got.body, at)
        at += 2
    if version == 5:
        length, at = read_variable(got.body, at)
        at += length
    return Message(got.body[2:2 + size].decode(), got.body[at:], qos, packet_id, bool(got.flags & 1))


@functools.lru_cache(maxsize=None)
def tls_context(ca_file: str, certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.load_cert_chain(certificate, key)
    return context


def context_of(identity) -> ssl.SSLContext:
    return tls_context(identity.server.endpoints["caFile"], str(identity.certificate), str(identity.key))


def address_of(server):
    host, port = server.endpoints["mqtt"].rsplit(":", 1)
    return host, int(port)


class Closed(Exception):
    """The server ended the connection."""


class Wire:
    """One TLS connection and the packets on it."""

    def __init__(self, identity, receive_buffer: int = 0):
        raw = socket.socket()
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(20)
        raw.connect(address_of(identity.server))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context_of(identity).wrap_socket(raw, server_hostname="localhost")
        self.packets, self.waiting, self.version = Packets(), collections.deque(), 5

    def send(self, data: bytes):
        try:
            self.socket.sendall(data)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as gone:
            raise Closed(str(gone)) from None

    def send_what_fits(self, data: bytes, seconds: float) -> int:
        """Gives up when the server has not read for so long."""
        self.socket.settimeout(seconds)
        sent = 0
        try:
            while sent < len(data):
                sent += self.socket.send(data[sent:sent + 16384])
        except (TimeoutError, ConnectionError, ssl.SSLError):
            pass
        self.socket.settimeout(20)
        return sent

    def next(self, seconds: float = 10) -> Packet:
        self.socket.settimeout(seconds)
        while not self.waiting:
            try:
                data = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as gone:
                raise Closed(str(gone)) from None
            if not data:
                raise Closed("end of the stream")
            self.waiting.extend(self.packets.feed(data))
        return self.waiting.popleft()

    def expect(self, kind: int, seconds: float = 10) -> Packet:
        """The next packet of this kind; others before it are passed over."""
        while True:
            got = self.next(seconds)
            if got.type == kind:
                return got

    def open(self, client_id, version: int = 5, **options) -> Packet:
        self.version = version
        self.send(connect(client_id, version, **options))
        return self.expect(CONNACK)

    def subscribe(self, *filters, options: int = 1) -> bytes:
        """The codes of the SUBACK."""
        self.send(subscribe(*filters, options=options, version=self.version))
        return self.expect(SUBACK).body[-len(filters):]

    def ends(self, seconds: float = 10) -> int:
        """Reads to the end; gives the reason of a DISCONNECT, or 0."""
        reason = 0
        try:
            while True:
                got = self.next(seconds)
                if got.type == DISCONNECT:
                    reason = got.body[0] if got.body else 0
        except Closed:
            return reason

    def drop(self):
        self.socket.close()
