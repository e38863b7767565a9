# SPDX-License-Identifier: Apache-2.0
"""MQTT clients of the system tests: Eclipse Paho and mosquitto_pub/sub with a certificate of their own."""
import collections
import pathlib
import queue
import subprocess

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes

from cloud import Server

ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}'


class Identity:
    """A certificate with a policy of its own, registered by the API."""

    def __init__(self, server: Server, folder: pathlib.Path, name: str, policy: str = ALLOW_ALL):
        self.server, self.name = server, name
        iot = server.boto("iot")
        made = iot.create_keys_and_certificate(setAsActive=True)
        self.certificate_arn, self.certificate_id = made["certificateArn"], made["certificateId"]
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        self.certificate.write_text(made["certificatePem"])
        self.key.write_text(made["keyPair"]["PrivateKey"])
        iot.create_policy(policyName=name, policyDocument=policy)
        iot.attach_policy(policyName=name, target=self.certificate_arn)

    def mosquitto(self, program: str, *arguments, check: bool = True) -> subprocess.CompletedProcess:
        host, port = self.server.endpoints["mqtt"].rsplit(":", 1)
        done = subprocess.run([program, "-h", host, "-p", port, "--cafile", self.server.endpoints["caFile"], "--cert", self.certificate, "--key", self.key,
                               *map(str, arguments)], capture_output=True, text=True, timeout=30)
        if check:
            assert done.returncode == 0, f"{program} {arguments}: {done.returncode} {done.stderr}\n{self.server.log()[-2000:]}"
        return done


Ended = collections.namedtuple("Ended", "reason")


def properties(packet: int, **values) -> Properties:
    out = Properties(packet)
    for name, value in values.items():
        setattr(out, name, value)
    return out


class Client:
    """Paho in either version: what it is told lands in queues."""

    def __init__(self, identity: Identity, client_id: str, version: int = 5, clean: bool = True, expiry: int = 0, will=None, keepalive: int = 60):
        self.messages, self.pubacks, self.subacks, self.connacks, self.ends = (queue.Queue() for _ in range(5))
        self.version = version
        clean_session = {"clean_session": clean} if version == 4 else {}
        self.paho = paho.Client(client_id=client_id, protocol=version, reconnect_on_failure=False, **clean_session)
        self.paho.tls_set(identity.server.endpoints["caFile"], str(identity.certificate), str(identity.key))
        self.paho.on_message = lambda _client, _data, message: self.messages.put(message)
        self.paho.on_connect = lambda _client, _data, flags, code, *rest: self.connacks.put((flags, code, *rest))
        self.paho.on_subscribe = lambda _client, _data, mid, codes, *rest: self.subacks.put((mid, codes))
        self.paho.on_disconnect = lambda _client, _data, reason, *rest: self.ends.put(reason)
        self.paho.on_publish = lambda _client, _data, mid: self.pubacks.put(mid)
        if will:
            self.paho.will_set(**will)
        host, port = identity.server.endpoints["mqtt"].rsplit(":", 1)
        extra = {"clean_start": clean, "properties": properties(PacketTypes.CONNECT, SessionExpiryInterval=expiry)} if version == 5 else {}
        self.paho.connect(host, int(port), keepalive, **extra)
        self.paho.loop_start()
        self.connack = self.connacks.get(timeout=10)
        code = self.connack[1]
        assert (code if version == 4 else code.value) == 0, f"CONNACK {code}"

    def subscribe(self, *filters, **options):
        """Gives the codes of the SUBACK."""
        self.paho.subscribe(list(filters), **options)
        return [getattr(code, "value", code) for code in self.subacks.get(timeout=10)[1]]

    def publish(self, topic: str, payload: str, qos: int = 1, retain: bool = False, **options):
        """With QoS 1 returns once it is acknowledged."""
        sent = self.paho.publish(topic, payload, qos, retain, **options)
        sent.wait_for_publish(10)
        assert sent.is_published(), f"no acknowledgement for {topic}"

    def next(self, seconds: float = 10) -> paho.MQTTMessage:
        return self.messages.get(timeout=seconds)

    def silent(self, seconds: float = 0.5) -> bool:
        try:
            self.messages.get(timeout=seconds)
            return False
        except queue.Empty:
            return True

    def close(self, **options):
        self.paho.disconnect(**options)
        self.paho.loop_stop()

    def drop(self):
        """The connection is lost without a DISCONNECT."""
        self.paho.loop_stop()
        self.paho._sock_close()
