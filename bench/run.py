#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: run.py --build FOLDER [--only NAME]   Side-by-side benchmarks: ours and what a user would take instead, in turn in the
same run, with the ratio. Absolute figures belong to this machine and this minute; quote the ratios.

Server and client are pinned to a core each. The client's CPU time is printed beside the server's: where the client is as busy
as the server, the server was not the limit and the figure is a lower bound.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))
SERVER_CORE, CLIENT_CORE = "0", "1"
ROUNDS = 3


def pinned(core: str, *command):
    return ["taskset", "-c", core, *map(str, command)]


def cpu_of(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_port(port: int):
    import socket
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


class Bench:
    def __init__(self, folder: pathlib.Path, build: pathlib.Path):
        os.environ["OTABAHN_BUILD"] = str(build)
        import cloud
        self.cloud, self.folder, self.build = cloud, folder, build
        self.server = cloud.Server(folder / "cloud")
        subprocess.run(["taskset", "-a", "-p", "-c", SERVER_CORE, str(self.server.process.pid)], check=True, stdout=subprocess.DEVNULL)
        self.server.otabahn("signing", "create", "bench")
        self.peers = []

    def device(self, name: str):
        self.server.otabahn("thing", "create", name, "--out", self.folder / name)
        return self.cloud.Device(self.server, self.folder / name)

    def stream(self, name: str, size: int) -> str:
        """A stream over a file of random bytes, without the rest of a release."""
        s3, iot, iam = (self.server.boto(service) for service in ("s3", "iot", "iam"))
        (self.folder / "file.bin").write_bytes(os.urandom(size))
        s3.create_bucket(Bucket=f"bench-{name}")
        s3.put_object(Bucket=f"bench-{name}", Key="file", Body=(self.folder / "file.bin").read_bytes())
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        read = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
        role = iam.create_role(RoleName=f"bench-{name}", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=f"bench-{name}", PolicyName="read", PolicyDocument=json.dumps(read))
        iot.create_stream(streamId=f"bench-{name}", roleArn=role, files=[{"fileId": 0, "s3Location": {"bucket": f"bench-{name}", "key": "file"}}])
        return f"bench-{name}"

    def server_files(self):
        pki = self.server.data / "pki"
        chain = self.folder / "clients.pem"
        chain.write_text((self.server.data / "root-ca.pem").read_text() + (pki / "device-ca.pem").read_text())
        return pki / "server.pem", pki / "server.key", chain

    def nginx(self, folder: pathlib.Path) -> int:
        certificate, key, _ = self.server_files()
        port = 18443
        (self.folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log; user root;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 10000000;
  client_body_temp_path {self.folder}/nt; proxy_temp_path {self.folder}/nt; fastcgi_temp_path {self.folder}/nt; uwsgi_temp_path {self.folder}/nt; scgi_temp_path {self.folder}/nt;
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;
           ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; root {folder}; }} }}
""")
        self.peers.append(subprocess.Popen(pinned(SERVER_CORE, "nginx", "-c", self.folder / "nginx.conf", "-p", self.folder), stderr=subprocess.DEVNULL))
        wait_for_port(port)
        return port

    def mosquitto(self) -> tuple:
        certificate, key, clients = self.server_files()
        port = 18883
        (self.folder / "mosquitto.conf").write_text(f"""
listener {port} 127.0.0.1
cafile {clients}
certfile {certificate}
keyfile {key}
require_certificate true
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
user root
log_type error
""")
        # Readable whoever Mosquitto runs as: these are throw-away keys.
        process = subprocess.Popen(pinned(SERVER_CORE, "mosquitto", "-c", self.folder / "mosquitto.conf"))
        self.peers.append(process)
        wait_for_port(port)
        return port, process.pid

    def close(self):
        for peer in self.peers:
            peer.send_signal(signal.SIGTERM)
            peer.wait()
        self.server.stop()


def download(bench: Bench):
    """A whole update's download of 16 MiB by the agent, beside curl fetching the same file from nginx over TLS."""
    size = 16 * 1024 * 1024
    image = bench.folder / "image.bin"
    device = bench.device("bench-agent")
    device.set(self_test_seconds=1, slot_bytes=size * 2)
    first = bench.folder / "first"
    first.write_bytes(bench.cloud.program("1.0.0"))
    device.factory(first, "1.0.0")
    port = bench.nginx(bench.folder)
    device.start()
    ours, curls = [], []
    for number in range(1, ROUNDS + 1):
        image.write_bytes(bench.cloud.program(f"1.{number}.0", pad=size))
        seconds = subprocess.run(pinned(CLIENT_CORE, "curl", "-s", "--cacert", bench.server.endpoints["caFile"], "-o", bench.folder / "fetched", "-w", "%{time_total}",
                                        f"https://127.0.0.1:{port}/image.bin"), check=True, capture_output=True, text=True).stdout
        curls.append(size / float(seconds) / 1e6)
        bench.server.otabahn("deploy", image, "--to", "thing/bench-agent", "--version", f"1.{number}.0")
        # From the first request to the last block on disk, by the agent's own log.
        begin, end = (re.search(rf"^(\S+)Z otabahn-device {words}", device.log(), re.M) for words in (rf"fetching 1\.{number}\.0 ", rf"every block of 1\.{number}\.0 "))
        assert begin and end, device.log()[-2000:]
        seconds = (datetime.datetime.fromisoformat(end.group(1)) - datetime.datetime.fromisoformat(begin.group(1))).total_seconds()
        ours.append(size / max(seconds, 1e-3) / 1e6)
    device.stop()
    mine, peer = statistics.median(ours), statistics.median(curls)
    print(f"update's download of 16 MiB    otabahn-device {mine:8.1f} MB/s   curl from nginx, TLS {peer:8.1f} MB/s   ratio {mine / peer:.2f}")


def blocks(bench: Bench):
    """Blocks from GetStream over mutual TLS, 8 connections, beside Mosquitto relaying them from a responder."""
    size = 16 * 1024 * 1024
    stream = bench.stream("blocks", size)
    devices = [bench.device(f"bench-{i}") for i in range(8)]
    port, mosquitto = bench.mosquitto()
    responder = subprocess.Popen(pinned(CLIENT_CORE, bench.build / "otabahn-load", "respond", "--bundle", devices[0].folder, "--endpoint", f"127.0.0.1:{port}"),
                                 stdout=subprocess.PIPE)
    assert responder.stdout.readline() == b"ready\n"
    bundles = [argument for device in devices for argument in ("--bundle", device.folder)]

    def fetch(block_size: int, per_request: int, endpoint: str, pid: int):
        before = cpu_of(pid)
        out = subprocess.run(pinned(CLIENT_CORE, bench.build / "otabahn-load", "blocks", *bundles, "--stream", stream, "--block-size", block_size, "--per-request",
                                    per_request, "--file-size", size, "--seconds", 2, *(["--endpoint", endpoint] if endpoint else [])),
                             check=True, capture_output=True, text=True).stdout
        result = json.loads(out)
        return result["bytes"] / result["seconds"] / 1e6, cpu_of(pid) - before, result["clientCpuSeconds"]

    for block_size, per_request in ((4096, 16), (131072, 1)):
        rows = {"otabahn": [], "mosquitto": []}
        for _ in range(ROUNDS):
            rows["otabahn"].append(fetch(block_size, per_request, "", bench.server.process.pid))
            rows["mosquitto"].append(fetch(block_size, per_request, f"127.0.0.1:{port}", mosquitto))
        mine, peer = (sorted(rows[name])[ROUNDS // 2] for name in ("otabahn", "mosquitto"))
        label = f"blocks of {block_size // 1024} KiB, {per_request} a request"
        print(f"{label:<30} otabahn {mine[0]:8.1f} MB/s ({mine[0] * 1e6 / block_size:,.0f} blocks/s; CPU server {mine[1]:.1f} s, client {mine[2]:.1f} s)   "
              f"mosquitto + responder {peer[0]:8.1f} MB/s (CPU {peer[1]:.1f} s, {peer[2]:.1f} s)   ratio {mine[0] / peer[0]:.2f}")
    responder.terminate()
    responder.wait()


BENCHMARKS = {"download": download, "blocks": blocks}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--only", choices=BENCHMARKS)
    given = arguments.parse_args()
    for name, run in BENCHMARKS.items():
        if given.only in (None, name):
            folder = pathlib.Path(tempfile.mkdtemp(prefix="otabahn-bench-"))
            bench = Bench(folder, given.build.resolve())
            try:
                run(bench)
            finally:
                bench.close()
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
