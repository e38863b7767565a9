# SPDX-License-Identifier: Apache-2.0
"""A small cloud, to show that the agent needs AWS's protocol and nothing of ours: a real Mosquitto with
mutual TLS, and one MQTT client (paho) that plays the Jobs service and the Streams service for one thing."""
import base64
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import paho.mqtt.client as mqtt

THING = "DH0050P000003"


def run(*words):
    return subprocess.run(words, check=True, capture_output=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cbor:
    """What streams need of CBOR: maps of text keys with integers, texts and byte strings."""

    @staticmethod
    def head(major, value):
        if value < 24:
            return bytes([major << 5 | value])
        for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if value < 1 << (8 * size):
                return bytes([major << 5 | code]) + value.to_bytes(size, "big")
        raise ValueError(value)

    @classmethod
    def encode_map(cls, members):
        out = b"\xbf"
        for key, value in members:
            out += cls.head(3, len(key)) + key.encode()
            if isinstance(value, int):
                out += cls.head(0, value)
            elif isinstance(value, bytes):
                out += cls.head(2, len(value)) + value
            else:
                out += cls.head(3, len(value.encode())) + value.encode()
        return out + b"\xff"

    @classmethod
    def decode_map(cls, data):
        def item(at):
            first = data[at]
            major, info = first >> 5, first & 31
            at += 1
            value = info
            if info >= 24:
                size = 1 << (info - 24)
                value, at = int.from_bytes(data[at:at + size], "big"), at + size
            if major in (2, 3):
                raw = data[at:at + value]
                return (raw if major == 2 else raw.decode()), at + value
            assert major == 0, f"unexpected CBOR {first:#x}"
            return value, at

        assert data[0] >> 5 == 5
        out, at = {}, 1
        for _ in range(data[0] & 31):
            key, at = item(at)
            out[key], at = item(at)
        return out


class Pki:
    """A CA, a server, clients, and code signers, in one folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca = self.certificate("ca", ca=True)
        self.server = self.certificate("server", names="DNS:localhost,IP:127.0.0.1")

    def certificate(self, name, ca=False, names=None, self_signed=False):
        key, cert, csr = (self.folder / f"{name}.{end}" for end in ("key", "pem", "csr"))
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        if ca or self_signed:
            run("openssl", "req", "-x509", "-new", "-key", key, "-subj", f"/CN={name}", "-days", "30", "-out", cert)
        else:
            run("openssl", "req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", csr)
            extensions = self.folder / f"{name}.ext"
            extensions.write_text(f"subjectAltName={names}\n" if names else "keyUsage=digitalSignature\n")
            run("openssl", "x509", "-req", "-in", csr, "-CA", self.folder / "ca.pem", "-CAkey", self.folder / "ca.key", "-CAcreateserial",
                "-days", "30", "-extfile", extensions, "-out", cert)
        return cert, key

    def sign(self, key, message):
        file = self.folder / "message"
        file.write_bytes(message)
        return run("openssl", "dgst", "-sha256", "-sign", key, file).stdout


class Mosquitto:
    def __init__(self, pki, folder, port=None):
        self.port = port or free_port()
        config = pathlib.Path(folder) / "mosquitto.conf"
        config.write_text(f"""listener {self.port} 127.0.0.1
cafile {pki.ca[0]}
certfile {pki.server[0]}
keyfile {pki.server[1]}
require_certificate true
allow_anonymous true
max_queued_messages 0
""")
        if os.geteuid() == 0:
            config.write_text(config.read_text() + "user root\n")
        self.log = open(pathlib.Path(folder) / "mosquitto.log", "a")
        self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(config)], stdout=self.log, stderr=self.log)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("mosquitto does not come up")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Cloud:
    """Jobs and Streams of one thing."""

    def __init__(self, pki, port, thing=THING):
        self.thing, self.pki, self.port = thing, pki, port
        self.lock = threading.Condition()
        self.jobs, self.updates, self.files, self.served, self.requests = [], [], {}, {}, 0
        self.reject_with = None
        self.pause = 0.0
        self.client = None
        self.identity = pki.certificate("cloud")
        self.connect()

    def connect(self):
        self.client = mqtt.Client(client_id="cloud")
        self.client.tls_set(str(self.pki.ca[0]), str(self.identity[0]), str(self.identity[1]))
        ready = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe(f"$aws/things/{self.thing}/#", 1)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda client, data, message: self.receive(message.topic, message.payload)
        self.client.reconnect_delay_set(0.05, 0.2)
        self.client.connect("127.0.0.1", self.port, 60)
        self.client.loop_start()
        assert ready.wait(10), "the cloud's client gets no subscription"

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()

    # What a test does.
    def create_job(self, job_id, document):
        with self.lock:
            self.jobs.append({"jobId": job_id, "status": "QUEUED", "document": document, "details": {}})
        self.publish_next()

    def cancel_job(self, job_id):
        self.job(job_id)["status"] = "CANCELED"
        self.publish_next()

    def job(self, job_id):
        return next(job for job in self.jobs if job["jobId"] == job_id)

    def wait_for(self, what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        with self.lock:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{what}: not within {seconds} s; jobs: {self.jobs}")
                self.lock.wait(min(left, 0.2))

    def wait_for_end(self, job_id, seconds=60):
        over = ("SUCCEEDED", "FAILED", "REJECTED", "CANCELED")
        self.wait_for(f"the end of {job_id}", lambda: self.job(job_id)["status"] in over, seconds)
        return self.job(job_id)

    # What AWS does.
    def publish(self, topic, payload, qos=1):
        self.client.publish(topic, payload, qos)

    def next_execution(self):
        pending = [job for job in self.jobs if job["status"] in ("IN_PROGRESS", "QUEUED")]
        pending.sort(key=lambda job: job["status"] != "IN_PROGRESS")
        if not pending:
            return {"timestamp": 1}
        job = pending[0]
        execution = {"jobId": job["jobId"], "status": job["status"], "queuedAt": 1, "lastUpdatedAt": 1, "versionNumber": 1,
                     "executionNumber": 1, "jobDocument": job["document"]}
        if job["details"]:
            execution["statusDetails"] = job["details"]
        return {"timestamp": 1, "execution": execution}

    def publish_next(self):
        self.publish(f"$aws/things/{self.thing}/jobs/notify-next", json.dumps(self.next_execution()))

    def receive(self, topic, payload):
        words = topic.split("/")
        with self.lock:
            if words[3] == "jobs" and words[4:] == ["$next", "get"]:
                answer = self.next_execution()
                answer["clientToken"] = json.loads(payload or b"{}").get("clientToken")
                self.publish(topic + "/accepted", json.dumps(answer))
            elif words[3] == "jobs" and len(words) == 6 and words[5] == "update":
                self.update(topic, words[4], json.loads(payload))
            elif words[3] == "streams" and words[5:] == ["get", "cbor"]:
                self.stream(words[4], Cbor.decode_map(payload))
            self.lock.notify_all()

    def update(self, topic, job_id, request):
        answer = {"timestamp": 1, "clientToken": request.get("clientToken")}
        found = [job for job in self.jobs if job["jobId"] == job_id]
        self.updates.append((job_id, request))
        if not found or found[0]["status"] not in ("QUEUED", "IN_PROGRESS") or (
                request["status"] == "REJECTED" and found[0]["status"] != "QUEUED"):
            answer.update(code="InvalidStateTransition" if found else "ResourceNotFound", message="not in this state")
            return self.publish(topic + "/rejected", json.dumps(answer))
        ended = request["status"] != "IN_PROGRESS"
        found[0]["status"] = request["status"]
        found[0]["details"] = request.get("statusDetails", found[0]["details"])
        self.publish(topic + "/accepted", json.dumps(answer))
        if ended:
            self.publish_next()

    def stream(self, stream, request):
        self.requests += 1
        root = f"$aws/things/{self.thing}/streams/{stream}"
        data = self.files.get(stream)
        size = request["l"]

        def reject(code, message):
            self.publish(f"{root}/rejected/cbor", Cbor.encode_map([("code", code), ("o", code), ("message", message), ("m", message)]), 0)

        if data is None:
            return reject("ResourceNotFound", "There is no such stream.")
        if self.reject_with:
            return reject(self.reject_with, "as the test wants it")
        offset = request.get("o", 0)
        if "b" in request:
            wanted = [offset + bit for bit in range(8 * len(request["b"])) if request["b"][bit >> 3] >> (bit & 7) & 1]
        else:
            wanted = list(range(offset, offset + request["n"]))
        wanted = wanted[:min(request.get("n", 1 << 30), 131072 // size)]
        if not wanted or wanted[-1] * size >= len(data):
            return reject("InvalidRequest", "The data requested is out of the range of data available.")
        for block in wanted:
            piece = data[block * size:(block + 1) * size]
            self.served[block] = self.served.get(block, 0) + 1
            if self.pause:
                time.sleep(self.pause)
            self.publish(f"{root}/data/cbor", Cbor.encode_map([("f", 0), ("l", len(piece)), ("i", block), ("p", piece)]), 0)


def signature(pki, signer, message, name="signer.pem"):
    return {"algorithm": "SHA256-ECDSA", "value": base64.b64encode(pki.sign(signer[1], message)).decode(), "certificate": name}


def document(pki, image, version, signer, stream="S", release=True, **changes):
    digest = hashlib.sha256(image).hexdigest()
    out = {"operation": "otabahn.update", "schema": 1, "version": version, "stream": stream,
           "files": [{"fileId": 0, "name": "firmware", "size": len(image), "sha256": digest, "signature": signature(pki, signer, image)}],
           "parameters": {"motd": "hello world"}}
    if release:
        manifest = json.dumps({"schema": 1, "product": "", "hardware": [], "version": version, "minVersion": "",
                               "files": [{"name": "firmware", "size": len(image), "sha256": digest}]}).encode()
        out["release"] = {"manifest": base64.b64encode(manifest).decode(), "signature": signature(pki, signer, manifest)}
    out.update(changes)
    return out
