#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A mixed load for a long time: thousands of devices that come and go, and what must stay true of the server meanwhile.

Each device has a persistent session and one topic. Publishers send numbered QoS 1 messages to all of them, and retained messages,
shadow updates, jobs requests and broadcasts beside. Devices and publishers lose their connections at random, mostly without a
DISCONNECT. At the end every message that was acknowledged must have arrived, and after a warm-up the server must not have grown.

    make soak SOAK_SECONDS=3600 SOAK_CONNECTIONS=5000
    tests/soak.py --build build --seconds 60 --connections 500
"""
import argparse
import asyncio
import collections
import os
import pathlib
import random
import re
import statistics
import struct
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "system"))
import raw_mqtt  # noqa: E402

WARM_UP = 0.4  # of the time
GROWTH_MB, GROWTH = 8, 0.05  # what a server may grow by afterwards: the greater of the two; the allocator's own ups and downs
EXPIRY = b"\x11" + struct.pack("!I", 3600)


class Load:
    def __init__(self, identity, connections: int, rate: float, life: float, seed: int = 1):
        self.context, self.address = raw_mqtt.context_of(identity), raw_mqtt.address_of(identity.server)
        self.devices, self.publishers = connections - connections // 20 - 1, connections // 20 + 1
        self.rate, self.life, self.random = rate, life, random.Random(seed)
        self.acknowledged = collections.defaultdict(set)  # by device
        self.received = collections.defaultdict(set)
        self.numbers = collections.Counter()
        self.counts = collections.Counter()
        self.connecting = asyncio.Semaphore(50)
        self.publishing, self.ending = True, False
        self.connected = set()

    async def open(self, packet: bytes):
        """A connection after its CONNACK; keeps trying until there is one."""
        while True:
            try:
                async with self.connecting:
                    reader, writer = await asyncio.wait_for(asyncio.open_connection(*self.address, ssl=self.context, server_hostname="localhost"), 60)
                    writer.write(packet)
                    packets, waiting = raw_mqtt.Packets(), []
                    while not waiting:
                        data = await asyncio.wait_for(reader.read(65536), 60)
                        if not data:
                            raise ConnectionError("closed before CONNACK")
                        waiting = packets.feed(data)
                    if waiting[0].type != raw_mqtt.CONNACK or waiting[0].body[1] != 0:
                        raise ConnectionError(f"refused: {waiting[0]}")
                    self.counts["connects"] += 1
                    return reader, writer, packets, waiting[1:], waiting[0].body[0] & 1
            except (OSError, TimeoutError, asyncio.TimeoutError) as failure:
                self.counts["failed connects"] += 1
                self.counts[f"failed: {type(failure).__name__}"] += 1
                await asyncio.sleep(self.random.uniform(0.1, 1))

    async def device(self, number: int):
        topic, first = f"soak/{number}/down", True
        while not self.ending:
            reader, writer, packets, waiting, present = await self.open(raw_mqtt.connect(f"soak-{number}", clean=first, keep_alive=600, properties=EXPIRY))
            if not first and not present:
                self.counts["lost sessions"] += 1
            end = time.monotonic() + self.random.expovariate(1 / self.life)
            try:
                if first or not present:
                    writer.write(raw_mqtt.subscribe(topic) + raw_mqtt.subscribe("soak/all", options=0, packet_id=2))
                while not self.ending and (time.monotonic() < end or not self.publishing):
                    for got in waiting:
                        if got.type == raw_mqtt.SUBACK:
                            assert got.body[-1] < 0x80, f"subscription refused: {got}"
                            if got.body[:2] == b"\0\1":
                                first = False
                                self.connected.add(number)
                        elif got.type == raw_mqtt.PUBLISH:
                            message = raw_mqtt.message(got)
                            self.counts["received"] += 1
                            if message.qos:
                                self.received[number].add(int(message.payload[:10]))
                                writer.write(raw_mqtt.puback(message.packet_id))
                        elif got.type == raw_mqtt.DISCONNECT:
                            self.counts[f"cut off with {got.body[:1].hex()}"] += 1
                    try:
                        data = await asyncio.wait_for(reader.read(65536), min(5, max(0.01, end - time.monotonic())) if self.publishing else 1)
                    except (TimeoutError, asyncio.TimeoutError):
                        waiting = []
                        continue
                    if not data:
                        raise ConnectionError("closed")
                    waiting = packets.feed(data)
            except OSError:
                self.counts["cut off"] += 1
            if self.random.random() < 0.2:
                writer.write(raw_mqtt.GOODBYE)
                writer.close()
            else:
                writer.transport.abort()
            if not self.ending:
                await asyncio.sleep(self.random.uniform(0, 1))

    async def publisher(self, number: int):
        pause, packet_id = self.publishers / self.rate, 0
        while self.publishing:
            reader, writer, packets, _, _ = await self.open(raw_mqtt.connect(f"soak-publisher-{number}", keep_alive=600))
            end, sent = time.monotonic() + self.random.expovariate(1 / self.life), {}

            async def acknowledgements():
                while data := await reader.read(65536):
                    for got in packets.feed(data):
                        if got.type == raw_mqtt.PUBACK:
                            to = sent.pop(struct.unpack("!H", got.body[:2])[0], None)
                            if to and (len(got.body) < 3 or got.body[2] < 0x80):
                                self.acknowledged[to[0]].add(to[1])
                                self.counts["acknowledged"] += 1

            listening = asyncio.create_task(acknowledgements())
            try:
                while (self.publishing and time.monotonic() < end and not listening.done()) or (sent and not listening.done() and not self.publishing):
                    if not self.publishing or len(sent) >= 50:
                        await asyncio.sleep(0.05)
                        continue
                    packet_id = packet_id % 65535 + 1
                    to = self.random.choice(tuple(self.connected)) if self.connected else None
                    if to is not None:
                        self.numbers[to] += 1
                        sent[packet_id] = (to, self.numbers[to])
                        writer.write(raw_mqtt.publish(f"soak/{to}/down", b"%010d" % self.numbers[to] + b"x" * self.random.randrange(500), 1, packet_id))
                    dice = self.random.random()
                    if dice < 0.02:
                        writer.write(raw_mqtt.publish(f"soak/state/{self.random.randrange(200)}", b"%f" % dice, retain=True))
                    elif dice < 0.04:
                        writer.write(raw_mqtt.publish(f"$aws/things/soak-{self.random.randrange(50)}/shadow/update", b'{"state":{"reported":{"v":%f}}}' % dice))
                    elif dice < 0.06:
                        writer.write(raw_mqtt.publish(f"$aws/things/soak-{self.random.randrange(50)}/jobs/get", b"{}"))
                    elif dice < 0.0605:
                        writer.write(raw_mqtt.publish("soak/all", b"to everybody"))
                    await writer.drain()
                    await asyncio.sleep(self.random.expovariate(1 / pause))
            except OSError:
                self.counts["publisher cut off"] += 1
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            writer.transport.abort()

    def missing(self) -> dict:
        return {device: numbers - self.received[device] for device, numbers in self.acknowledged.items() if numbers - self.received[device]}


def resident_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024


async def drive(load: Load, pid: int, seconds: float, say) -> list:
    tasks = [asyncio.create_task(load.device(number)) for number in range(load.devices)]
    tasks += [asyncio.create_task(load.publisher(number)) for number in range(load.publishers)]
    start, memory, last_said = time.monotonic(), [], 0.0
    while len(load.connected) < load.devices * 0.9:
        assert time.monotonic() - start < 600, f"only {len(load.connected)} of {load.devices} devices are there after ten minutes"
        await asyncio.sleep(0.2)
    say(f"{len(load.connected)} devices are there after {time.monotonic() - start:.0f} s")
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        await asyncio.sleep(1)
        memory.append(resident_mb(pid))
        dead = [task for task in tasks if task.done()]
        assert not dead, f"a client of the soak failed: {dead[0].exception()!r}"
        if time.monotonic() - last_said > 60:
            last_said = time.monotonic()
            say(f"{time.monotonic() - start:6.0f} s: {memory[-1]:.1f} MB, {dict(load.counts)}")
    load.publishing = False
    end = time.monotonic() + 120
    while load.missing() and time.monotonic() < end:
        await asyncio.sleep(0.2)
    load.ending = True
    await asyncio.wait(tasks, timeout=30)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return memory


def judge(load: Load, memory: list, say, growth_mb: float = GROWTH_MB):
    missing = load.missing()
    count = sum(map(len, missing.values()))
    say(f"{load.counts['acknowledged']} acknowledged, {count} lost; {dict(load.counts)}")
    assert load.counts["acknowledged"] > 0 and not missing, f"{count} acknowledged messages are lost, of devices {sorted(missing)[:10]}"
    assert load.counts["lost sessions"] == 0, f"{load.counts['lost sessions']} persistent sessions are lost"
    after = memory[int(len(memory) * WARM_UP):]
    part = max(1, len(after) // 5)
    before, now = statistics.median(after[:part]), statistics.median(after[-part:])
    say(f"resident {before:.1f} MB after the warm-up, {now:.1f} MB at the end")
    assert now - before <= max(growth_mb, before * GROWTH), f"the server grew from {before:.1f} to {now:.1f} MB: {[round(each) for each in memory]}"


def run(server, identity, seconds: float, connections: int, rate: float, life: float, say=print, growth_mb: float = GROWTH_MB):
    async def whole():
        load = Load(identity, connections, rate, life)
        memory = await drive(load, server.process.pid, seconds, say)
        judge(load, memory, say, growth_mb)
    asyncio.run(whole())
    assert "ThreadSanitizer" not in server.log(), server.log()[-6000:]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", required=True, type=pathlib.Path, help="the folder of otabahn")
    arguments.add_argument("--seconds", type=float, default=3600)
    arguments.add_argument("--connections", type=int, default=5000)
    arguments.add_argument("--rate", type=float, default=0, help="numbered messages a second; a tenth of the connections if not given")
    arguments.add_argument("--life", type=float, default=120, help="seconds that a connection lasts, on average")
    given = arguments.parse_args()
    os.environ["OTABAHN_BUILD"] = str(given.build.resolve())
    from cloud import Server
    from mqtt_client import Identity
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder) / "cloud", "--log-level=warn")
        try:
            run(server, Identity(server, pathlib.Path(folder), "soak"), given.seconds, given.connections, given.rate or given.connections / 10, given.life,
                lambda text: print(text, flush=True))
        finally:
            code = server.stop()
        assert code == 0, f"the server ended with {code}: {server.log()[-6000:]}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
