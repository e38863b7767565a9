# SPDX-License-Identifier: Apache-2.0
"""The listeners as AWS's clients know them: TLS and its certificate, host names, certificates that change. What is said over them is other tests' matter."""
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from cloud import Server, until


def make_root(folder, name: str):
    """A root and a server certificate under it, as an operator brings them; gives the three files."""
    root, root_key, key, request, certificate = (folder / f"{name}{end}" for end in ("-root.pem", "-root.key", ".key", ".csr", ".pem"))
    openssl = lambda *words: subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name} root",
            "-keyout", root_key, "-out", root)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", root, "-CAkey", root_key, "-days", "30", "-copy_extensions", "copy", "-out", certificate)
    return certificate, key, root


def shown(server, port: str, root, name: str = "localhost") -> str:
    """The common name of the certificate that a listener shows to a client that trusts `root`."""
    context = ssl.create_default_context(cafile=str(root))
    with socket.create_connection(("127.0.0.1", int(server.ports[port])), timeout=10) as raw, context.wrap_socket(raw, server_hostname=name) as tls:
        return dict(pair for entry in tls.getpeercert()["subject"] for pair in entry)["commonName"]


def test_a_new_server_certificate_is_taken_without_a_restart(tmp_path):
    first, second = make_root(tmp_path, "first"), make_root(tmp_path, "second")
    for file, to in zip(first, ("server.pem", "server.key", "root.pem")):
        shutil.copy(file, tmp_path / to)
    server = Server(tmp_path / "cloud", f"--tls-certificate={tmp_path}/server.pem", f"--tls-key={tmp_path}/server.key", f"--tls-root={tmp_path}/root.pem")
    try:
        assert server.endpoints["caFile"] == str(tmp_path / "root.pem")
        assert shown(server, "https", first[2]) == "first"
        context = ssl.create_default_context(cafile=str(first[2]))
        with socket.create_connection(("127.0.0.1", int(server.ports["https"])), timeout=10) as raw, context.wrap_socket(raw, server_hostname="localhost") as stays:
            shutil.copy(second[0], tmp_path / "server.pem")
            server.process.send_signal(signal.SIGHUP)
            until(lambda: "not reloaded, the one before stays in use" in server.log(), 10, "the refusal of a certificate without its key")
            assert shown(server, "https", first[2]) == "first"
            shutil.copy(second[1], tmp_path / "server.key")
            server.process.send_signal(signal.SIGHUP)
            until(lambda: "server certificate reloaded" in server.log(), 10, "the reload")
            assert shown(server, "https", second[2]) == "second"
            stays.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert stays.recv(1000).startswith(b"HTTP/1.1 200")
        # Without a signal too.
        for file, to in zip(first, ("server.pem", "server.key")):
            shutil.copy(file, tmp_path / to)
        until(lambda: server.log().count("server certificate reloaded") == 2, 20, "the reload without a signal")
        assert shown(server, "https", first[2]) == "first"
    finally:
        assert server.stop() == 0


def test_an_unknown_host_name_is_refused_and_the_log_says_what_to_do(server):
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        shown(server, "https", server.endpoints["caFile"], "elsewhere.example")
    until(lambda: "SNI_MISUSED: the client asks for the host elsewhere.example" in server.log(), 10, "the log line")
    assert shown(server, "https", server.endpoints["caFile"])


def test_half_of_a_server_certificate_is_wrong_usage(server, tmp_path):
    done = server.otabahn("serve", "--tls-key", "server.key", "--data", tmp_path, check=False)
    assert done.returncode == 2 and "belong together" in done.stderr
