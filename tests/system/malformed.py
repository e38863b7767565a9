# SPDX-License-Identifier: Apache-2.0
"""Every class of malformed packet and protocol error of the MQTT 5 specification, as bytes, with the reason codes that a server
may end the connection with. The clause stands beside each."""
from raw_mqtt import connect, field, packet, publish, subscribe, variable

MALFORMED, PROTOCOL, TOPIC_ALIAS, NO_IDENTIFIERS = 0x81, 0x82, 0x94, 0xa1
SECOND_CONNECT = connect("again")


def published(properties: bytes = b"", topic=b"t", first: int = 0x30, packet_id: bytes = b"") -> bytes:
    return packet(first, field(topic) + packet_id + variable(len(properties)) + properties + b"x")


def subscribed(filters: bytes, properties: bytes = b"", packet_id: bytes = b"\0\1", first: int = 0x82) -> bytes:
    return packet(first, packet_id + variable(len(properties)) + properties + filters)


# On an open connection of MQTT 5.
OPEN = [
    ("1.5.4 surrogate in a topic", published(topic=b"\xed\xa0\x80"), MALFORMED),
    ("1.5.4 U+0000 in a topic", published(topic=b"a\0b"), MALFORMED),
    ("1.5.4 overlong UTF-8 in a topic", published(topic=b"\xc0\xaf"), MALFORMED),
    ("1.5.4 cut UTF-8 in a topic", published(topic=b"\xe2\x82"), MALFORMED),
    ("1.5.5 length of five bytes", b"\x30\xff\xff\xff\xff\x01", MALFORMED),
    ("1.5.5 padded length", b"\xc0\x80\x00", MALFORMED),
    ("2.1.2 packet type 0", b"\x00\x00", MALFORMED),
    ("2.1.3 flags of PUBACK", b"\x41\x02\x00\x01", MALFORMED),
    ("2.1.3 flags of SUBSCRIBE", subscribed(field("a") + b"\0", first=0x80), MALFORMED),
    ("2.1.3 flags of UNSUBSCRIBE", b"\xa0\x06\x00\x01\x00\x00\x01a", MALFORMED),
    ("2.1.3 flags of PINGREQ", b"\xc1\x00", MALFORMED),
    ("2.1.3 flags of DISCONNECT", b"\xe1\x00", MALFORMED),
    ("2.1.3 flags of PUBREL", b"\x60\x02\x00\x01", MALFORMED),
    ("2.1.3 flags of AUTH", b"\xf1\x00", MALFORMED),
    ("2.2.1 PUBLISH of QoS 1 with packet id 0", published(first=0x32, packet_id=b"\0\0"), PROTOCOL),
    ("2.2.1 SUBSCRIBE with packet id 0", subscribed(field("a") + b"\0", packet_id=b"\0\0"), PROTOCOL),
    ("2.2.1 UNSUBSCRIBE with packet id 0", b"\xa2\x06\x00\x00\x00\x00\x01a", PROTOCOL),
    ("2.2.2 unknown property", published(b"\x7f\x00"), MALFORMED),
    ("2.2.2 property of another packet", published(b"\x11\x00\x00\x00\x01"), MALFORMED),
    ("2.2.2 properties longer than the packet", packet(0x30, field("t") + b"\x7f"), MALFORMED),
    ("2.2.2 property cut by its length", published(b"\x02\x00\x00"), MALFORMED),
    ("2.2.2 no property length", packet(0x30, field("t")), MALFORMED),
    ("3.1.0 second CONNECT", SECOND_CONNECT, PROTOCOL),
    ("3.3.1 QoS 3", published(first=0x36, packet_id=b"\0\1"), MALFORMED),
    ("3.3.2.1 wildcard in a topic", published(topic=b"a/+"), None),
    ("3.3.2.1 topic longer than the packet", b"\x30\x03\x00\x09a", MALFORMED),
    ("3.3.2.1 no topic and no alias", published(topic=b""), PROTOCOL),
    ("3.3.2.3 payload format 2", published(b"\x01\x02"), PROTOCOL),
    ("3.3.2.3 payload format twice", published(b"\x01\x01\x01\x01"), PROTOCOL),
    ("3.3.2.3 message expiry twice", published(b"\x02\0\0\0\1\x02\0\0\0\1"), PROTOCOL),
    ("3.3.2.3 topic alias 0", published(b"\x23\x00\x00"), TOPIC_ALIAS),
    ("3.3.2.3 topic alias above the maximum", published(b"\x23\x00\x09"), TOPIC_ALIAS),
    ("3.3.2.3 topic alias never set", published(b"\x23\x00\x05", topic=b""), PROTOCOL),
    ("3.3.2.3 response topic with a wildcard", published(b"\x08" + field("a/#")), None),
    ("3.3.2.3 response topic that is no text", published(b"\x08" + field(b"\xff\xfe")), MALFORMED),
    ("3.3.2.3 correlation data longer than the properties", published(b"\x09\x00\x09a"), MALFORMED),
    ("3.3.2.3 user property that is no text", published(b"\x26" + field(b"\xff") + field("v")), MALFORMED),
    ("3.3.2.3 user property without its value", published(b"\x26" + field("k")), MALFORMED),
    ("3.3.2.3 content type twice", published((b"\x03" + field("a")) * 2), PROTOCOL),
    ("3.3.2.3 subscription identifier of a client", published(b"\x0b\x01"), PROTOCOL),
    ("3.4 PUBACK without a packet id", b"\x40\x00", MALFORMED),
    ("3.4 half a packet id", b"\x40\x01\x00", MALFORMED),
    ("3.4.2 reason of no PUBACK", b"\x40\x03\x00\x01\x02", None),
    ("3.4.2 property of no PUBACK", b"\x40\x06\x00\x01\x00\x02\x01\x01", MALFORMED),
    ("3.5 PUBREC", b"\x50\x02\x00\x01", PROTOCOL),
    ("3.6 PUBREL", b"\x62\x02\x00\x01", PROTOCOL),
    ("3.7 PUBCOMP", b"\x70\x02\x00\x01", PROTOCOL),
    ("3.8.2 subscription identifier 0", subscribed(field("a") + b"\0", b"\x0b\x00"), None),
    ("3.8.2 subscription identifier", subscribed(field("a") + b"\0", b"\x0b\x01"), NO_IDENTIFIERS),
    ("3.8.3 SUBSCRIBE without a filter", subscribed(b""), PROTOCOL),
    ("3.8.3 filter without options", subscribed(field("a")), MALFORMED),
    ("3.8.3 filter longer than the packet", subscribed(b"\x00\x09a"), MALFORMED),
    ("3.8.3 filter that is no text", subscribed(field(b"\xff") + b"\0"), MALFORMED),
    ("3.8.3.1 QoS 3", subscribed(field("a") + b"\x03"), None),
    ("3.8.3.1 retain handling 3", subscribed(field("a") + b"\x30"), None),
    ("3.8.3.1 reserved bits of the options", subscribed(field("a") + b"\x40"), MALFORMED),
    ("3.10.3 UNSUBSCRIBE without a filter", b"\xa2\x03\x00\x01\x00", PROTOCOL),
    ("3.10.3 filter that is no text", b"\xa2\x06\x00\x01\x00\x00\x01\xff", MALFORMED),
    ("3.12 PINGREQ with a body", b"\xc0\x01a", MALFORMED),
    ("3.14.2 reason of no DISCONNECT", b"\xe0\x01\x01", None),
    ("3.14.2 property of no DISCONNECT", b"\xe0\x04\x00\x02\x01\x01", MALFORMED),
    ("3.14.2 session expiry raised from 0", b"\xe0\x07\x00\x05\x11\x00\x00\x00\x09", PROTOCOL),
    ("3.15 AUTH", b"\xf0\x00", PROTOCOL),
    ("a CONNACK", b"\x20\x03\x00\x00\x00", PROTOCOL),
    ("a SUBACK", b"\x90\x04\x00\x01\x00\x00", PROTOCOL),
    ("an UNSUBACK", b"\xb0\x04\x00\x01\x00\x00", PROTOCOL),
    ("a PINGRESP", b"\xd0\x00", PROTOCOL),
]


def first(flags: int = 2, name=b"MQTT", level: int = 5, properties: bytes = b"", rest: bytes = field("c"), kind: int = 0x10) -> bytes:
    return packet(kind, field(name) + bytes([level, flags, 0, 60]) + variable(len(properties)) + properties + rest)


WILL = b"\0" + field("w") + field("x")
# As the first packet; refused by a CONNACK with any of the codes from 0x80 on, or hung up on.
FIRST = [
    ("2.1.3 flags of CONNECT", first(kind=0x11)),
    ("3.1.0 PUBLISH first", publish("t", b"x")),
    ("3.1.0 SUBSCRIBE first", subscribe("t")),
    ("3.1.0 PINGREQ first", b"\xc0\x00"),
    ("3.1.0 AUTH first", b"\xf0\x00"),
    ("3.1.2.1 another protocol name", first(name=b"MQTX")),
    ("3.1.2.2 version 6", first(level=6)),
    ("3.1.2.3 reserved flag", first(flags=3)),
    ("3.1.2.6 will of QoS 3", first(flags=2 | 4 | 0x18, rest=field("c") + WILL)),
    ("3.1.2.6 will QoS without a will", first(flags=2 | 8)),
    ("3.1.2.7 will retain without a will", first(flags=2 | 0x20)),
    ("3.1.2.8 user name missing", first(flags=2 | 0x80)),
    ("3.1.2.9 password missing", first(flags=2 | 0x40)),
    ("3.1.2.11 receive maximum 0", first(properties=b"\x21\x00\x00")),
    ("3.1.2.11 receive maximum twice", first(properties=b"\x21\x00\x09\x21\x00\x09")),
    ("3.1.2.11 maximum packet size 0", first(properties=b"\x27\x00\x00\x00\x00")),
    ("3.1.2.11 request problem information 2", first(properties=b"\x17\x02")),
    ("3.1.2.11 request response information 2", first(properties=b"\x19\x02")),
    ("3.1.2.11 session expiry twice", first(properties=b"\x11\0\0\0\1\x11\0\0\0\1")),
    ("3.1.2.11 authentication data without a method", first(properties=b"\x16" + field("x"))),
    ("3.1.2.11 authentication method", first(properties=b"\x15" + field("x"))),
    ("3.1.2.11 property of another packet", first(properties=b"\x23\x00\x01")),
    ("3.1.3 no client id", first(rest=b"")),
    ("3.1.3 client id longer than the packet", first(rest=b"\x00\x09c")),
    ("3.1.3 client id that is no text", first(rest=field(b"\xff"))),
    ("3.1.3 bytes after the payload", first(rest=field("c") + b"x")),
    ("3.1.3.2 will cut", first(flags=6, rest=field("c") + b"\0" + field("w"))),
    ("3.1.3.2 will topic with a wildcard", first(flags=6, rest=field("c") + b"\0" + field("w/#") + field("x"))),
    ("3.1.3.2 will property of another packet", first(flags=6, rest=field("c") + b"\x03\x23\x00\x01" + field("w") + field("x"))),
]
