# SPDX-License-Identifier: Apache-2.0
"""What a benchmark stands on: a server of ours, the peers beside it with the same certificates, and the client that loads them. A
server has one core and the client the other. Everything is closed and removed at the end, whatever happened."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))
SERVER_CORE, CLIENT_CORE, BOTH_CORES = "0", "1", "0,1"
ACCEPT_ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}


def need(program: str, package: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not path:
        sys.exit(f"{program} is not installed, and the bench measures beside it: apt-get install {package}, or tools/ensure-packages.sh bench")
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, name: str):
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"{name} does not listen on port {port}; its exit status is {process.poll()}")


class Peer:
    """A process that is loaded: where it listens and whose processor time counts."""

    def __init__(self, name: str, process: subprocess.Popen, port: int, pid: int = 0):
        self.name, self.process, self.endpoint, self.pid = name, process, f"127.0.0.1:{port}", pid or process.pid

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Stand:
    """Our server with so many event loops, on its core until place() says otherwise."""

    def __init__(self, build: pathlib.Path, loops: int = 1):
        os.environ["OTABAHN_BUILD"] = str(build)
        import cloud
        self.cloud, self.build, self.peers = cloud, build, []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="otabahn-bench-"))
        self.server = cloud.Server(self.folder / "cloud", f"--loops={loops}", "--log-level=warn")
        self.pid = self.server.process.pid
        self.endpoint = ""  # the bundle's
        self.place(SERVER_CORE)
        self.server.otabahn("signing", "create", "bench")
        self.server.otabahn("thing", "create", "bench", "--out", self.bundle)
        iot = self.server.boto("iot")
        iot.create_policy(policyName="bench", policyDocument=json.dumps(ACCEPT_ANY))
        iot.attach_policy(policyName="bench", target=iot.list_thing_principals(thingName="bench")["principals"][0])

    def place(self, cores: str):
        subprocess.run(["taskset", "-a", "-p", "-c", cores, str(self.pid)], check=True, stdout=subprocess.DEVNULL)

    @property
    def bundle(self) -> pathlib.Path:
        return self.folder / "bench"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for peer in self.peers:
            with contextlib.suppress(ProcessLookupError):
                peer.close()
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stream(self, size: int) -> str:
        """A stream over a file of random bytes, without the rest of a release."""
        s3, iot, iam = (self.server.boto(service) for service in ("s3", "iot", "iam"))
        s3.create_bucket(Bucket="bench")
        s3.put_object(Bucket="bench", Key="file", Body=os.urandom(size))
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        read = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
        role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName="bench", PolicyName="read", PolicyDocument=json.dumps(read))
        iot.create_stream(streamId="bench", roleArn=role, files=[{"fileId": 0, "s3Location": {"bucket": "bench", "key": "file"}}])
        return "bench"

    def pinned(self, core: str, *command, **options) -> subprocess.Popen:
        return subprocess.Popen(["taskset", "-c", core, *map(str, command)], **options)

    def add(self, name: str, port: int, process: subprocess.Popen, pid: int = 0) -> Peer:
        peer = Peer(name, process, port, pid)
        self.peers.append(peer)
        wait_for_port(port, process, name)
        return peer

    def server_files(self):
        """The server's certificate and key, and whom it trusts, for peers that are to do the same work."""
        pki = self.server.data / "pki"
        trusted = self.folder / "clients.pem"
        trusted.write_text((self.server.data / "root-ca.pem").read_text() + (pki / "device-ca.pem").read_text())
        return pki / "server.pem", pki / "server.key", trusted

    def nginx(self, files: pathlib.Path) -> Peer:
        certificate, key, _ = self.server_files()
        port, work = free_port(), self.folder / "nginx"
        work.mkdir()
        temporary = "\n".join(f"  {kind}_temp_path {work}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (work / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {work}/pid; error_log {work}/log; user root;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 100000000; open_file_cache max=100;
{temporary}
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;
           ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; root {files}; }} }}
""")
        process = self.pinned(SERVER_CORE, need("nginx", "nginx-light"), "-c", work / "nginx.conf", "-p", work, stderr=subprocess.DEVNULL)
        peer = self.add("nginx", port, process)
        peer.pid = int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        return peer

    def mosquitto(self) -> Peer:
        certificate, key, clients = self.server_files()
        port, work = free_port(), self.folder / f"mosquitto-{len(self.peers)}"
        work.mkdir()
        (work / "mosquitto.conf").write_text(f"""
listener {port} 127.0.0.1
cafile {clients}
certfile {certificate}
keyfile {key}
require_certificate true
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
user root
log_type none
""")
        process = self.pinned(SERVER_CORE, need("mosquitto", "mosquitto"), "-c", work / "mosquitto.conf", stderr=subprocess.DEVNULL)
        return self.add("Mosquitto", port, process)

    def bare(self, mode: str, write_size: int = 0) -> Peer:
        """OpenSSL and the kernel alone."""
        certificate, key, clients = self.server_files()
        port = free_port()
        process = self.pinned(SERVER_CORE, self.build / "bench" / "bare_tls_server", mode, port, certificate, key, write_size or clients)
        return self.add("bare OpenSSL", port, process)

    def responder(self, broker: Peer):
        """Answers block requests through `broker`."""
        process = self.pinned(CLIENT_CORE, self.build / "otabahn-load", "respond", "--bundle", self.bundle, "--endpoint", broker.endpoint,
                              stdout=subprocess.PIPE)
        self.peers.insert(0, Peer("responder", process, 0))  # it goes before its broker
        assert process.stdout.readline() == b"ready\n", "the responder did not start"

    def load(self, target, command: str, *arguments, core: str = CLIENT_CORE) -> dict:
        """Runs one load against our server (target is the stand) or a peer; gives what it printed."""
        where = [] if not target.endpoint else ["--endpoint", target.endpoint]
        bundle = [] if command in ("get", "drain") else ["--bundle", self.bundle]
        done = subprocess.run(["taskset", "-c", core, self.build / "otabahn-load", command, *bundle, *where, "--server", str(target.pid),
                               *map(str, arguments)], capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            sys.exit(f"otabahn-load {command} failed: {done.stderr}{self.server.log()[-2000:]}")
        return json.loads(done.stdout)


def median(values):
    return statistics.median(values)
