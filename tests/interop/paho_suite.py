#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the Eclipse Paho interoperability suites (client_test.py for MQTT 3.1.1, client_test5.py for 5) against `otabahn serve`.

The suites speak plain TCP and know no certificates: a proxy here puts TLS with a device's certificate around them. QoS 2, which
AWS IoT does not have, becomes QoS 1 in a copy. A test that fails must stand in AWS_DEVIATIONS with the rule of AWS that it meets;
one that stands there and passes is an error too, so the list stays true. Nothing is fetched:

    git clone https://github.com/eclipse/paho.mqtt.testing
    tests/interop/paho_suite.py --suite paho.mqtt.testing --build build
"""
import argparse
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

POLICY = ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"},'
          '{"Effect":"Deny","Action":"iot:Subscribe","Resource":"arn:aws:iot:*:*:topicfilter/test/nosubscribe"}]}')

AWS_DEVIATIONS = {
    "client_test": {
        "test_keepalive": "a keep-alive of 1 to 29 s counts as 30",
        "test_retained_messages": "retained messages come to a filter that equals their topic, not to a wildcard",
        "test_dollar_topics": "clients may not publish to topics of their own that start with $",
        "test_subscribe_failure": "a denied SUBSCRIBE closes an MQTT 3.1.1 connection without a SUBACK",
    },
    "client_test5": {
        "test_dollar_topics": "clients may not publish to topics of their own that start with $",
        "test_flow_control2": "the test needs QoS 2, which stays unacknowledged until PUBREL; QoS 1 is acknowledged as it comes",
        "test_keepalive": "a keep-alive of 1 to 29 s counts as 30",
        "test_will_message": "a keep-alive of 1 to 29 s counts as 30",
        "test_maximum_packet_size": "a client's Maximum Packet Size must be at least 512",
        "test_retained_message": "retained messages come to a filter that equals their topic, not to a wildcard",
        "test_subscribe_options": "retained messages come to a filter that equals their topic, not to a wildcard",
        "test_server_keep_alive": "the suite wants 60 for 120: its own server's setting; AWS keeps 30 to 1200 as asked",
        "test_server_topic_alias": "the service sets no topic aliases",
        "test_will_delay": "Will Delay Interval is none of the properties that AWS supports: the will goes out at once",
        "test_subscribe_failure": "a denied filter is answered with 0x87, which the suite takes for wrong: it wants 0x80",
        "test_subscribe_identifiers": "subscription identifiers are refused with 0xA1",
    },
}

# What the suites say of QoS 2 and what AWS has instead; in test programs only, not in their client.
QOS_2 = [(r'b"qos 2( - (?:don\'t )?expire)?", 2', r'b"qos 2\1", 1'), (r"SubscribeOptions\(2", "SubscribeOptions(1"), (r"(subscribe\(\[[^\]]*\], )\[2, 1\]", r"\1[1, 1]"),
         (r"(subscribe\(\[[^\]]*\], )\[2\]", r"\1[1]"), (r'(b"", |filters", )2\b', r"\g<1>1"), (r"\bqos = 2\b", "qos = 1"), (r"for qos in range\(3\)", "for qos in (0, 1, 1)"),
         (r"1 in qoss and 2 in qoss and 0 in qoss", "1 in qoss and 0 in qoss"), (r"callback\.messages\[0\]\[2\](,| ==) 2", r"callback.messages[0][2]\1 1")]


class Proxy:
    """Plain TCP in, TLS with a device's certificate out."""

    def __init__(self, identity):
        import raw_mqtt
        self.context, self.to = raw_mqtt.context_of(identity), raw_mqtt.address_of(identity.server)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            plain, _ = self.listener.accept()
            threading.Thread(target=self.carry, args=(plain,), daemon=True).start()

    def carry(self, plain):
        import select
        try:
            tls = self.context.wrap_socket(socket.create_connection(self.to), server_hostname="localhost")
        except OSError:
            return plain.close()
        try:
            while True:
                ready = [tls] if tls.pending() else select.select([plain, tls], [], [])[0]
                for side in ready:
                    data = side.recv(16384)
                    if not data:
                        return
                    (tls if side is plain else plain).sendall(data)
        except OSError:
            pass
        finally:
            for side in (plain, tls):
                try:
                    side.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                side.close()


def patched_copy(suite: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    source = suite / "interoperability" if (suite / "interoperability").exists() else suite
    copy = folder / "interoperability"
    shutil.copytree(source, copy)
    for name in AWS_DEVIATIONS:
        path = copy / f"{name}.py"
        text = path.read_text()
        for pattern, to in QOS_2:
            text = re.sub(pattern, to, text)
        path.write_text(text)
    for client in (copy / "mqtt" / "clients").glob("*/main.py"):  # whose wills are of QoS 2 unless told otherwise
        client.write_text(client.read_text().replace("willQoS=2", "willQoS=1"))
    return copy


def forget_retained(server, identity):
    """A wildcard brings no retained messages here, so the suites cannot clean up behind themselves."""
    import raw_mqtt
    topics = [row["topic"] for page in server.boto("iot-data").get_paginator("list_retained_messages").paginate() for row in page["retainedTopics"]]
    if not topics:
        return
    wire = raw_mqtt.Wire(identity)
    wire.open("cleaner")
    for topic in topics:
        wire.send(raw_mqtt.publish(topic, b"", 1, retain=True))
        wire.expect(raw_mqtt.PUBACK)
    wire.drop()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--suite", required=True, type=pathlib.Path, help="a clone of eclipse/paho.mqtt.testing")
    arguments.add_argument("--build", required=True, type=pathlib.Path, help="the folder of otabahn")
    arguments.add_argument("--only", help="names of tests that contain this")
    arguments.add_argument("--verbose", action="store_true", help="what the suite prints, for each failure")
    given = arguments.parse_args()
    os.environ["OTABAHN_BUILD"] = str(given.build.resolve())
    from cloud import Server
    from mqtt_client import Identity

    wrong = count = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        copy = patched_copy(given.suite, folder)
        server = Server(folder / "cloud")
        try:
            identity = Identity(server, folder, "suite", POLICY)
            proxy = Proxy(identity)
            for suite, deviations in AWS_DEVIATIONS.items():
                names = re.findall(r"^    def (test\w+)\(self\)", (copy / f"{suite}.py").read_text(), re.M)
                unknown = set(deviations) - set(names)
                assert not unknown, f"{suite} has no {unknown}"
                for name in names:
                    if given.only and given.only not in name:
                        continue
                    forget_retained(server, identity)
                    # The suites' programs hand their arguments on to unittest, each in its own way: so they are set here.
                    program = (f"import sys, runpy; sys.argv = ['{suite}.py', '-p', '{proxy.port}', 'Test.{name}']; "
                               f"import unittest; run = unittest.main; unittest.main = lambda: run(module='__main__', argv=['x', 'Test.{name}']); "
                               f"runpy.run_path('{suite}.py', run_name='__main__')")
                    try:
                        done = subprocess.run([sys.executable, "-c", program], cwd=copy, capture_output=True, text=True, errors="replace", timeout=90)
                        passed, said = done.returncode == 0, done.stdout + done.stderr
                    except subprocess.TimeoutExpired as late:
                        passed, said = False, f"not finished in 90 s: {late.stdout}{late.stderr}"
                    count += 1
                    word = "passed" if passed else "failed"
                    if name in deviations:
                        word += f" as AWS's rule has it: {deviations[name]}" if not passed else ", though it is listed as a deviation"
                    bad = passed == (name in deviations)
                    wrong += bad
                    print(f"{'WRONG ' if bad else ''}{suite} {name}: {word}", flush=True)
                    if not passed and (bad or given.verbose):
                        print(said[-3000:], flush=True)
        finally:
            server.stop()
    print(f"{count} tests, {wrong} not as expected")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
