# SPDX-License-Identifier: Apache-2.0
"""A link between a device and the gateway that speaks MQTT on both sides: TLS ends here, with certificates of its own, so that
whole messages can be delayed, dropped, doubled, held back, and counted. One thread with an event loop; a queue as routers have."""
import asyncio
import dataclasses
import math
import pathlib
import random
import ssl
import subprocess
import threading
import time

PUBLISH = 3


@dataclasses.dataclass
class Facts:
    round_trip: float = 0.1
    rate: float = 1_000_000  # bytes a second, each way
    breaks_a_minute: float = 0.01  # the chance of each connection
    dropped: float = 0.0  # of the messages: MQTT's other packets are its own business with the broker
    doubled: float = 0.0
    held_back: float = 0.0
    seed: int = 1
    queue: int = 64 * 1024  # bytes that wait in the link; what comes then waits where it comes from


class Link:
    """Between the device of a bundle and the gateway at `target`; the device must be given `address` and `root_ca`."""

    def __init__(self, folder: pathlib.Path, bundle: pathlib.Path, target: str, facts: Facts):
        self.facts, self.dice = facts, random.Random(facts.seed)
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.root_ca, certificate, key = make_authority(folder)
        self.near = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.near.load_cert_chain(certificate, key)
        self.far = ssl.create_default_context(cafile=bundle / "root-ca.pem")
        self.far.load_cert_chain(bundle / "certificate.pem", bundle / "private.key")
        self.blocks = []  # (when, bytes of the message) of each that reached the device
        self.requests = []  # when each was sent by the device
        self.connections, self.broken = 0, 0
        self.open, self.serving = set(), set()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.near))
        self.address = f"localhost:{server.sockets[0].getsockname()[1]}"
        ready.set()
        self.loop.run_forever()
        server.close()
        for task in self.serving:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*self.serving, return_exceptions=True))
        self.loop.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def break_now(self):
        """Ends every connection without a word."""
        def cut():
            for writer in list(self.open):
                writer.transport.abort()
        self.loop.call_soon_threadsafe(cut)

    def seconds(self) -> float:
        """From the first request to the last block."""
        return self.blocks[-1][0] - self.requests[0]

    def bytes_down(self) -> int:
        return sum(size for _, size in self.blocks)

    async def _serve(self, reader, writer):
        self.connections += 1
        self.serving.add(asyncio.current_task())
        await asyncio.sleep(self.facts.round_trip * 3)  # TCP and TLS
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target, ssl=self.far, server_hostname="localhost")
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self.open |= ends
        life = self.dice.expovariate(-math.log(1 - self.facts.breaks_a_minute) / 60) if self.facts.breaks_a_minute else None
        both = asyncio.gather(self._carry(reader, far_writer, down=False), self._carry(far_reader, writer, down=True))
        try:
            await asyncio.wait_for(both, life)
        except asyncio.TimeoutError:
            self.broken += 1
        except (OSError, asyncio.IncompleteReadError):
            pass
        for end in ends:
            end.transport.abort()
        self.open -= ends

    async def _carry(self, source, sink, down: bool):
        waiting = asyncio.PriorityQueue()
        sending = asyncio.ensure_future(self._deliver(waiting, sink, down))
        number, free_at = 0, 0.0
        try:
            while True:
                packet = await read_packet(source)
                now = time.monotonic()
                if not down and topic_of(packet).endswith(b"/get/cbor"):
                    self.requests.append(now)
                copies = [0.0]
                if packet[0] >> 4 == PUBLISH:
                    fate = self.dice.random()
                    if fate < self.facts.dropped:
                        copies = []
                    elif fate < self.facts.dropped + self.facts.doubled:
                        copies = [0.0, 0.0]
                    elif fate < self.facts.dropped + self.facts.doubled + self.facts.held_back:
                        copies = [self.dice.uniform(0.02, 0.2)]
                for late in copies:
                    free_at = max(free_at, now) + len(packet) / self.facts.rate
                    number += 1
                    waiting.put_nowait((free_at + self.facts.round_trip / 2 + late, number, packet))
                full = free_at - time.monotonic() - self.facts.queue / self.facts.rate
                if full > 0:
                    await asyncio.sleep(full)
                if sending.done():
                    sending.result()
        finally:
            sending.cancel()

    async def _deliver(self, waiting, sink, down: bool):
        while True:
            due, number, packet = await waiting.get()
            rest = due - time.monotonic()
            if rest > 0:
                # What was put in meanwhile may be due earlier than one that was held back.
                await asyncio.sleep(min(rest, 0.005))
                waiting.put_nowait((due, number, packet))
                continue
            sink.write(packet)
            await sink.drain()
            if down and topic_of(packet).endswith(b"/data/cbor"):
                self.blocks.append((time.monotonic(), len(packet)))


async def read_packet(source) -> bytes:
    head = await source.readexactly(1)
    length, shift = 0, 0
    while True:
        byte = await source.readexactly(1)
        head += byte
        length |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            return head + await source.readexactly(length)


def topic_of(packet: bytes) -> bytes:
    if packet[0] >> 4 != PUBLISH:
        return b""
    at = 1
    while packet[at] >= 128:
        at += 1
    length = int.from_bytes(packet[at + 1:at + 3], "big")
    return packet[at + 3:at + 3 + length]


def make_authority(folder: pathlib.Path):
    """An authority that the gateway knows nothing of, and a certificate for localhost from it."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    root, key, request, certificate = (folder / name for name in ("link-ca.pem", "link.key", "link.csr", "link.pem"))
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=link", "-keyout", folder / "link-ca.key", "-out", root)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", request)
    (folder / "link.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", request, "-CA", root, "-CAkey", folder / "link-ca.key", "-CAcreateserial", "-days", "30", "-extfile", folder / "link.ext", "-out", certificate)
    return root, certificate, key
