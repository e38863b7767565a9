# SPDX-License-Identifier: Apache-2.0
"""MQTT through the other doors: over WebSocket with SigV4 as browsers and dashboards do it, and by ALPN on the https port, with the real
clients: Eclipse Paho, mosquitto's programs and the AWS CRT."""
import http.client
import json
import queue
import subprocess

import awscrt.auth
import awscrt.io
import awscrt.mqtt
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import paho.mqtt.client as paho
import pytest

from cloud import REGION, Server, until
from mqtt_client import Client, Identity


@pytest.fixture(scope="module")
def identity(server, tmp_path_factory):
    return Identity(server, tmp_path_factory.mktemp("identity"), "doors")


def presigned_path(server: Server, host: str, service: str = "iotdevicegateway", secret: str = "", expires: int = 60) -> str:
    """/mqtt?… as a page gets it from its back end, signed by botocore."""
    request = botocore.awsrequest.AWSRequest("GET", f"https://{host}/mqtt")
    keys = botocore.credentials.Credentials(server.key_id, secret or server.secret)
    botocore.auth.SigV4QueryAuth(keys, service, REGION, expires).add_auth(request)
    return request.url.split(host, 1)[1]


class WebClient:
    """Paho over WebSocket: connected, refused, or closed lands in a queue."""

    def __init__(self, server: Server, client_id: str, path: str = "", secure: bool = True, version: int = 4, will=None):
        host, port = (server.endpoints["https"] if secure else server.http.split("//")[1]).rsplit(":", 1)
        self.told: queue.Queue = queue.Queue()
        self.messages: queue.Queue = queue.Queue()
        self.paho = paho.Client(client_id=client_id, transport="websockets", protocol=version, reconnect_on_failure=False)
        self.paho.ws_set_options(path=path or presigned_path(server, host))
        if secure:
            self.paho.tls_set(server.endpoints["caFile"])
        self.paho.on_connect = lambda *_: self.told.put("connected")
        self.paho.on_disconnect = lambda _client, _data, code, *_: self.told.put(("gone", code))
        self.paho.on_subscribe = lambda *_: self.told.put("subscribed")
        self.paho.on_message = lambda _client, _data, message: self.messages.put(message)
        if will:
            self.paho.will_set(**will)
        self.paho.connect(host, int(port))
        self.paho.loop_start()
        assert self.told.get(timeout=10) == "connected"

    def subscribe(self, name: str):
        self.paho.subscribe(name, 1)
        assert self.told.get(timeout=10) == "subscribed"

    def close(self):
        self.paho.disconnect()
        self.paho.loop_stop()


@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
@pytest.mark.parametrize("version", [4, 5])
def test_a_dashboard_and_a_device_talk(server, identity, secure, version):
    device = Client(identity, f"device-{secure}-{version}")
    device.subscribe(("to/device", 1))
    page = WebClient(server, f"page-{secure}-{version}", secure=secure, version=version)
    page.subscribe("to/page/#")
    page.paho.publish("to/device", "x" * 100_000, 1).wait_for_publish(10)
    assert device.next().payload == b"x" * 100_000
    for size in (0, 1, 125, 126, 65_535, 65_536, 131_072):
        device.publish(f"to/page/{size}", "y" * size)
        assert len(page.messages.get(timeout=10).payload) == size
    page.close()
    device.close()


def test_what_is_signed_for_the_data_plane_is_let_in_too(server):
    page = WebClient(server, "data-signed", presigned_path(server, "127.0.0.1", "iotdata"))
    page.close()


def test_who_signs_wrongly_is_told_why_and_the_log_says_it(server):
    host = "127.0.0.1"
    refused = {presigned_path(server, host, secret="guessed"): "does not match", presigned_path(server, host, service="iot"): "signed for iotdevicegateway",
               presigned_path(server, "elsewhere"): "does not match", "/mqtt": "no signature"}
    for path, reason in refused.items():
        with pytest.raises(Exception):
            WebClient(server, "stranger", path)
        until(lambda: any("operation=WebSocket status=403" in line and reason in line for line in server.log().splitlines()), 10, reason)


def test_who_does_not_sign_is_answered_in_the_words_of_the_data_plane(server):
    door = http.client.HTTPConnection("127.0.0.1", int(server.ports["http"]), timeout=10)
    door.request("GET", "/mqtt", headers={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                                          "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol": "mqtt"})
    answer = door.getresponse()
    assert answer.status == 403 and json.load(answer)["message"] == "Missing Authentication Token"
    door.close()


def test_a_closed_page_sends_no_will_and_a_broken_one_does(server, identity):
    watcher = Client(identity, "watcher")
    watcher.subscribe(("wills", 1))
    WebClient(server, "polite", will={"topic": "wills", "payload": "polite"}).close()
    broken = WebClient(server, "broken", will={"topic": "wills", "payload": "broken"})
    broken.paho.loop_stop()
    broken.paho._sock_close()
    assert watcher.next().payload == b"broken" and watcher.silent(0.2)
    watcher.close()


def crt_client(server: Server, options: awscrt.io.TlsContextOptions) -> awscrt.mqtt.Client:
    options.override_default_trust_store_from_path(None, server.endpoints["caFile"])
    bootstrap = awscrt.io.ClientBootstrap(awscrt.io.EventLoopGroup(1), awscrt.io.DefaultHostResolver(awscrt.io.EventLoopGroup(1)))
    return awscrt.mqtt.Client(bootstrap, awscrt.io.ClientTlsContext(options))


def echo(connection: awscrt.mqtt.Connection, topic: str, payload: bytes):
    """Publishes to itself."""
    heard: queue.Queue = queue.Queue()
    connection.connect().result(10)
    connection.subscribe(topic, awscrt.mqtt.QoS.AT_LEAST_ONCE, lambda topic, payload, **_: heard.put(payload))[0].result(10)
    connection.publish(topic, payload, awscrt.mqtt.QoS.AT_LEAST_ONCE)[0].result(10)
    assert heard.get(timeout=10) == payload
    connection.disconnect().result(10)


def test_the_aws_crt_signs_its_own_websocket(server):
    provider = awscrt.auth.AwsCredentialsProvider.new_static(server.key_id, server.secret)

    def sign(transform_args, **_):
        config = awscrt.auth.AwsSigningConfig(algorithm=awscrt.auth.AwsSigningAlgorithm.V4, signature_type=awscrt.auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS,
                                              credentials_provider=provider, region=REGION, service="iotdevicegateway", omit_session_token=True)
        signed = awscrt.auth.aws_sign_request(transform_args.http_request, config)
        signed.add_done_callback(lambda done: transform_args.set_done(done.exception()))

    host, port = server.endpoints["https"].rsplit(":", 1)
    echo(awscrt.mqtt.Connection(crt_client(server, awscrt.io.TlsContextOptions()), "localhost", int(port), "crt-web", use_websockets=True,
                                websocket_handshake_transform=sign), "crt/web", b"w" * 50_000)


def test_the_aws_crt_comes_by_alpn(server, identity):
    options = awscrt.io.TlsContextOptions.create_client_with_mtls_from_path(str(identity.certificate), str(identity.key))
    options.alpn_list = ["x-amzn-mqtt-ca"]
    echo(awscrt.mqtt.Connection(crt_client(server, options), "localhost", int(server.ports["https"]), "crt-alpn"), "crt/alpn", b"a" * 50_000)


def over_alpn(server: Server, identity: Identity, program: str, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run([program, "-h", "localhost", "-p", server.ports["https"], "--cafile", server.endpoints["caFile"], "--cert", identity.certificate, "--key",
                           identity.key, "--tls-alpn", "x-amzn-mqtt-ca", *arguments], capture_output=True, text=True, timeout=30)


def test_mosquitto_comes_by_alpn_and_one_with_an_unknown_certificate_does_not(server, identity, tmp_path):
    assert over_alpn(server, identity, "mosquitto_pub", "-t", "by/alpn", "-m", "here", "-q", "1", "-r").returncode == 0
    got = identity.mosquitto("mosquitto_sub", "-t", "by/alpn", "-C", 1, "-W", 10)
    assert got.stdout.strip() == "here"
    stranger = Identity(server, tmp_path, "stranger")
    server.boto("iot").update_certificate(certificateId=stranger.certificate_id, newStatus="INACTIVE")
    assert over_alpn(server, stranger, "mosquitto_pub", "-t", "by/alpn", "-m", "no", "-q", "1").returncode != 0
    until(lambda: "DEVICE_CERTIFICATE_INACTIVE" in server.log(), 10, "the refusal in the log")
    until(lambda: "via=alpn" in server.log(), 10, "the door in the log line of a connection's life")
