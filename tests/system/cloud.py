# SPDX-License-Identifier: Apache-2.0
"""What the system tests share: a server of their own, AWS's clients pointed at it, and devices that run the real agent."""
import contextlib
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import time

import boto3
import botocore.config

BUILD = pathlib.Path(os.environ.get("OTABAHN_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
OTABAHN, DEVICE = BUILD / "otabahn", BUILD / "otabahn-device"
ACCOUNT = "561470034375"  # of origin.md
REGION = "us-east-1"
ORIGIN_CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/e20e0e41-8688-4801-8aa6-0406afec266e"


def until(condition, seconds: float, what: str):
    """Waits for a condition to hold and gives what it gave; says what was waited for when it does not."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.1)


class Server:
    """`otabahn serve` on free ports, with the certificate of origin.md under its ARN."""

    def __init__(self, folder: pathlib.Path, *flags: str):
        self.folder, self.flags = folder, flags
        self.data = folder / "data"
        folder.mkdir(parents=True, exist_ok=True)
        self.signer_certificate, self.signer_key = make_code_signer(folder, "origin")
        (folder / "server.toml").write_text(
            f'[[acm]]\narn = "{ORIGIN_CERTIFICATE}"\ncertificate = "origin.pem"\nprivate_key = "origin.key"\n')
        self.process = None
        self.ports = {"http": 0, "mqtt": 0, "https": 0, "device-https": 0}
        self.start()

    def start(self):
        log = open(self.folder / "server.log", "ab")
        listen = [f"--{name}=127.0.0.1:{port}" for name, port in self.ports.items()]
        self.process = subprocess.Popen([OTABAHN, "serve", f"--data={self.data}", f"--account={ACCOUNT}", f"--config={self.folder}/server.toml",
                                         *listen, *self.flags], stdout=subprocess.PIPE, stderr=log)
        log.close()
        line = self.process.stdout.readline().decode()
        assert line.startswith("otabahn ready"), f"the server did not start: {self.log()[-3000:]}"
        self.endpoints = json.loads((self.data / "endpoints.json").read_text())
        self.http = self.endpoints["http"]
        # A restart is to come back where the clients know it.
        self.ports = {"http": self.http.rsplit(":", 1)[1], "mqtt": self.endpoints["mqtt"].rsplit(":", 1)[1],
                      "https": self.endpoints["https"].rsplit(":", 1)[1], "device-https": self.endpoints["deviceHttps"].rsplit(":", 1)[1]}
        text = (self.data / "credentials").read_text()
        self.key_id = text.split("aws_access_key_id = ")[1].split("\n")[0]
        self.secret = text.split("aws_secret_access_key = ")[1].split("\n")[0]

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            if self.process.poll() is None:
                self.process.kill()
        return self.process.wait()

    def env(self, region: str = REGION) -> dict:
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env.update(AWS_ACCESS_KEY_ID=self.key_id, AWS_SECRET_ACCESS_KEY=self.secret, AWS_REGION=region, AWS_DEFAULT_REGION=region,
                   AWS_ENDPOINT_URL=self.http, AWS_PAGER="", HOME=str(self.folder))
        return env

    def aws(self, *arguments, region: str = REGION, check: bool = True):
        """Debian's AWS CLI: gives its JSON answer (or its text), or with check=False the finished process."""
        done = subprocess.run(["aws", "--endpoint-url", self.http, *map(str, arguments)], env=self.env(region), capture_output=True, text=True, timeout=120)
        if not check:
            return done
        assert done.returncode == 0, f"aws {' '.join(map(str, arguments))}: {done.stderr}"
        try:
            return json.loads(done.stdout) if done.stdout.strip() else {}
        except json.JSONDecodeError:
            return done.stdout.strip()

    def boto(self, service: str, region: str = REGION, **options):
        return boto3.client(service, endpoint_url=self.http, region_name=region, aws_access_key_id=self.key_id, aws_secret_access_key=self.secret,
                            config=botocore.config.Config(retries={"max_attempts": 2}, **options))

    def otabahn(self, *arguments, check: bool = True, timeout: float = 180, region: str = REGION):
        done = subprocess.run([OTABAHN, *map(str, arguments)], env=self.env(region), capture_output=True, text=True, timeout=timeout)
        if check:
            assert done.returncode == 0, f"otabahn {' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr}\n{self.log()[-2000:]}"
        return done


def make_code_signer(folder: pathlib.Path, name: str):
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    if not certificate.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365",
                        "-subj", f"/CN={name}@example.com", "-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=codeSigning",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Device:
    """A device with the real agent, run out of a bundle folder."""

    def __init__(self, server: Server, folder: pathlib.Path):
        self.server, self.folder, self.process = server, folder, None
        self.config = folder / "device.toml"

    def set(self, **keys):
        """Puts keys into device.toml; an existing one is replaced."""
        lines = [line for line in self.config.read_text().splitlines() if line.split("=")[0].strip() not in keys]
        self.config.write_text("\n".join(lines + [f"{key} = {json.dumps(value)}" for key, value in keys.items()]) + "\n")

    def factory(self, image: pathlib.Path, version: str):
        done = subprocess.run([DEVICE, "factory", "--config", self.config, "--image", image, "--version", version], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def start(self):
        with open(self.folder / "agent.log", "ab") as log:
            self.process = subprocess.Popen([DEVICE, "run", "--config", self.config], stdout=log, stderr=log)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self.process = None

    def status(self) -> dict:
        done = subprocess.run([DEVICE, "status", "--config", self.config], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def log(self) -> str:
        path = self.folder / "agent.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def outcome(self, job: str, seconds: float = 60) -> dict:
        """Waits until the job's execution on this device has ended; gives {status, details}."""
        iot = self.server.boto("iot")

        def ended():
            execution = iot.describe_job_execution(jobId=job, thingName=self.folder.name)["execution"]
            if execution["status"] in ("QUEUED", "IN_PROGRESS"):
                return None
            return {"status": execution["status"], "details": execution.get("statusDetails", {}).get("detailsMap", {})}

        try:
            return until(ended, seconds, f"the end of job {job} on {self.folder.name}")
        except AssertionError as late:
            raise AssertionError(f"{late}\nagent: {self.log()[-4000:]}\nserver: {self.server.log()[-2000:]}") from None


# A program that is its own image: it says its version and runs until it is told to end.
def program(version: str, body: str = "exec sleep 1000", pad: int = 0) -> bytes:
    text = f"#!/bin/sh\n# version {version}\n{body}\nexit\n".encode()
    return text + b"#" * max(0, pad - len(text))
