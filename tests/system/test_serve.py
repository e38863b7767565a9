# SPDX-License-Identifier: Apache-2.0
"""What `otabahn serve` does with the machine that it starts on."""
import json
import resource
import subprocess

import cloud


def serve(folder, host, limit_files=None):
    """A server that listens on `host`: its process and its endpoints.json."""
    def limit():
        if limit_files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit_files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    listen = [f"--{name}={host}:0" for name in ("http", "mqtt", "https", "device-https")]
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen([cloud.OTABAHN, "serve", f"--data={folder}/data", "--hostname=localhost", *listen],
                                   stdout=subprocess.PIPE, stderr=log, preexec_fn=limit)
    line = process.stdout.readline().decode()
    assert line.startswith("otabahn ready"), (folder / "server.log").read_text()
    return process, json.loads((folder / "data" / "endpoints.json").read_text())


def end(process):
    process.terminate()
    assert process.wait(20) == 0


def test_a_server_on_every_address_is_told_by_its_name(tmp_path):
    process, endpoints = serve(tmp_path, "0.0.0.0")
    try:
        assert endpoints["http"].startswith("http://localhost:")
        assert all(endpoints[name].startswith("localhost:") for name in ("mqtt", "https", "deviceHttps"))
    finally:
        end(process)


def test_a_server_takes_as_many_descriptors_as_it_may(tmp_path):
    process, _ = serve(tmp_path, "127.0.0.1", limit_files=256)
    try:
        with open(f"/proc/{process.pid}/limits") as limits:
            soft, hard = next(line for line in limits if line.startswith("Max open files")).split()[3:5]
        assert soft == hard != "256"
    finally:
        end(process)
