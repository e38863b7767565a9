# SPDX-License-Identifier: Apache-2.0
"""A well-behaved client in a process of its own: sends itself a QoS 1 message, waits for it and for its PUBACK, and writes down
how long that took. What others do to the server shows in its figures.

usage: witness.py HOST PORT CA_FILE CERTIFICATE KEY CLIENT_ID FILE
"""
import pathlib
import statistics
import subprocess
import sys
import time
import types

import raw_mqtt

PAUSE = 0.005


def main():
    host, port, ca_file, certificate, key, client_id, file = sys.argv[1:]
    server = types.SimpleNamespace(endpoints={"mqtt": f"{host}:{port}", "caFile": ca_file})
    wire = raw_mqtt.Wire(types.SimpleNamespace(server=server, certificate=certificate, key=key))
    assert wire.open(client_id).body[1] == 0
    topic = f"witness/{client_id}"
    assert wire.subscribe(topic) == b"\x01"
    with open(file, "a", buffering=1) as out:
        number = 0
        while True:
            number += 1
            payload = b"%d" % number
            begin = time.monotonic()
            wire.send(raw_mqtt.publish(topic, payload, 1, number % 65535 + 1))
            missing = {raw_mqtt.PUBLISH, raw_mqtt.PUBACK}
            while missing:
                got = wire.next(60)
                missing.discard(got.type)
                if got.type == raw_mqtt.PUBLISH:
                    message = raw_mqtt.message(got)
                    assert message.payload == payload
                    wire.send(raw_mqtt.puback(message.packet_id))
            end = time.monotonic()
            out.write(f"{end} {end - begin}\n")
            time.sleep(PAUSE)


class Witness:
    """Runs it and judges its figures."""

    def __init__(self, identity, client_id: str, folder: pathlib.Path):
        host, port = raw_mqtt.address_of(identity.server)
        self.file, self.errors = folder / f"{client_id}.times", folder / f"{client_id}.errors"
        self.file.touch()
        with open(self.errors, "w") as errors:
            self.process = subprocess.Popen([sys.executable, __file__, host, str(port), identity.server.endpoints["caFile"], identity.certificate,
                                             identity.key, client_id, self.file], stderr=errors)
        self.usual = statistics.median(self.since(time.monotonic(), 100))

    def since(self, start: float, least: int) -> list:
        """The round trips that ended after `start`; waits for so many."""
        end = time.monotonic() + 60
        while True:
            lines = [line.split() for line in self.file.read_text().splitlines()]
            took = [float(line[1]) for line in lines if len(line) == 2 and float(line[0]) > start]
            if len(took) >= least:
                return took
            assert self.process.poll() is None, f"the well-behaved client was cut off: {self.errors.read_text()[-2000:]}"
            assert time.monotonic() < end, f"the well-behaved client had {len(took)} answers in a minute"
            time.sleep(0.05)

    def check(self, start: float):
        took = self.since(start, 30)
        median = statistics.median(took)
        assert median <= 10 * self.usual + 0.05, f"a round trip of others took {median * 1000:.1f} ms instead of {self.usual * 1000:.1f} ms"
        assert max(took) <= 3, f"one round trip of others took {max(took):.1f} s"

    def stop(self):
        self.process.kill()
        self.process.wait()


if __name__ == "__main__":
    main()
