# SPDX-License-Identifier: Apache-2.0
"""The data plane over HTTPS: with a device's certificate on the device port, and by ALPN on the https port; and Publish and DeleteConnection
for operators. Clients: curl, Python's ssl, boto3."""
import base64
import json
import socket
import ssl
import subprocess

import pytest

from cloud import ACCOUNT, REGION, until
from mqtt_client import Client, Identity

ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"
NARROW = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Publish", "Resource": [f"{ARN}:topic/narrow/*", f"{ARN}:topic/${{iot:ClientId}}"]},
    {"Effect": "Allow", "Action": ["iot:GetThingShadow", "iot:UpdateThingShadow"], "Resource": [f"{ARN}:thing/narrow", f"{ARN}:thing/narrow/cfg"]},
    {"Effect": "Allow", "Action": ["iotjobsdata:GetPendingJobExecutions", "iot:DescribeJobExecution", "iotjobsdata:StartNextPendingJobExecution",
                                   "iot:UpdateJobExecution"], "Resource": f"{ARN}:thing/narrow"},
    {"Effect": "Allow", "Action": "iot:GetRetainedMessage", "Resource": f"{ARN}:topic/narrow/kept"}]})


@pytest.fixture(scope="module")
def wide(server, tmp_path_factory):
    return Identity(server, tmp_path_factory.mktemp("wide"), "wide")


@pytest.fixture(scope="module")
def narrow(server, tmp_path_factory):
    return Identity(server, tmp_path_factory.mktemp("narrow"), "narrow", NARROW)


def ask(identity: Identity, method: str, path: str, body: bytes = b"", *headers: str, port: str = "device-https") -> tuple[int, dict]:
    """One request by curl with the device's certificate: status and JSON."""
    server = identity.server
    words = ["curl", "-sS", "--max-time", "20", "--cacert", server.endpoints["caFile"], "--cert", identity.certificate, "--key", identity.key, "-X", method,
             "-w", "\n%{http_code}", *[word for header in headers for word in ("-H", header)], f"https://localhost:{server.ports[port]}{path}"]
    if method == "POST":
        words += ["--data-binary", "@-"]
    done = subprocess.run(words, input=body, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    text, status = done.stdout.rsplit(b"\n", 1)
    return int(status), json.loads(text) if text else {}


def test_what_a_device_publishes_reaches_subscribers(wide):
    listener = Client(wide, "listener")
    listener.subscribe(("from/#", 1))
    for path in ("/topics/from/device?qos=1", "/topics/from%2Fdevice?qos=0"):
        status, answer = ask(wide, "POST", path, b"over https")
        assert status == 200 and answer["message"] == "OK" and len(answer["traceId"]) == 36
        message = listener.next()
        assert (message.topic, message.payload) == ("from/device", b"over https")
    properties = base64.b64encode(b'[{"k":"1"},{"k":"2"}]').decode()
    status, _ = ask(wide, "POST", "/topics/from/rich?qos=1&contentType=text%2Fplain&responseTopic=to%2Fme&messageExpiry=60", b"x",
                    f"x-amz-mqtt5-user-properties: {properties}", "x-amz-mqtt5-payload-format-indicator: UTF8_DATA",
                    f"x-amz-mqtt5-correlation-data: {base64.b64encode(b'c').decode()}")
    rich = listener.next().properties
    assert status == 200 and rich.UserProperty == [("k", "1"), ("k", "2")] and rich.ContentType == "text/plain" and rich.ResponseTopic == "to/me"
    assert rich.CorrelationData == b"c" and rich.PayloadFormatIndicator == 1 and 0 < rich.MessageExpiryInterval <= 60
    listener.close()


def test_what_is_no_message_is_refused_with_the_reason(wide):
    refusals = {"/topics/a%2F%23": (400, "wildcard"), "/topics/a?qos=2": (400, "qos"), "/topics/" + "t" * 257: (400, "256"),
                "/topics/%24aws%2Fthings%2Fx%2Fjobs%2Fget": (400, "jobs data plane"), "/topics/%24aws%2Frules%2Fx": (400, "rules are not served"),
                "/topics/%24aws%2Fevents%2Fpresence%2Fconnected%2Fx": (400, "only the service publishes"), "/topics/%24aws%2Fx?retain=true": (400, "retained")}
    for path, (status, word) in refusals.items():
        got, answer = ask(wide, "POST", path, b"x")
        assert got == status and word in answer["message"], (path, got, answer)
    assert ask(wide, "POST", "/topics/a", b"x" * 131_073)[0] == 413
    assert ask(wide, "POST", "/topics/a?qos=1", b"x", "x-amz-mqtt5-user-properties: bm90IGpzb24=")[0] == 400
    assert ask(wide, "GET", "/nothing")[0] == 404


def test_each_call_is_judged_by_the_certificates_policy(server, narrow):
    assert ask(narrow, "POST", "/topics/narrow/x?qos=1", b"x")[0] == 200
    for method, path in (("POST", "/topics/other/x"), ("POST", "/topics/narrow/x?retain=true"), ("GET", "/retainedMessage/narrow%2Fother"),
                         ("GET", "/retainedMessage"), ("GET", "/things/other/shadow"), ("GET", "/things/narrow/shadow?name=other"),
                         ("DELETE", "/things/narrow/shadow"), ("GET", "/things/other/jobs"), ("DELETE", "/connections/somebody"),
                         ("GET", "/api/things/shadow/ListNamedShadowsForThing/narrow"), ("POST", "/topics/listener")):
        status, answer = ask(narrow, method, path)
        assert status == 403 and "nearest" in answer["message"], (path, status, answer)
    until(lambda: "device request refused method=POST path=/topics/other" in server.log(), 10, "the refusal in the log")
    for name in ("", "?name=cfg"):
        assert ask(narrow, "POST", f"/things/narrow/shadow{name}", b'{"state":{"reported":{"a":1}}}')[1]["version"] == 1
        assert ask(narrow, "GET", f"/things/narrow/shadow{name}")[1]["state"] == {"reported": {"a": 1}}
    server.boto("iot-data").publish(topic="narrow/kept", qos=1, retain=True, payload=b"kept")
    assert base64.b64decode(ask(narrow, "GET", "/retainedMessage/narrow%2Fkept")[1]["payload"]) == b"kept"


def test_a_device_does_its_job_over_https(server, narrow):
    iot = server.boto("iot")
    iot.create_thing(thingName="narrow")
    iot.create_job(jobId="https-job", targets=[f"{ARN}:thing/narrow"], document='{"do":"it"}')
    assert [job["jobId"] for job in ask(narrow, "GET", "/things/narrow/jobs")[1]["queuedJobs"]] == ["https-job"]
    started = ask(narrow, "PUT", "/things/narrow/jobs/$next", b"", "Content-Type: application/json")
    assert started[0] == 200 and started[1]["execution"]["status"] == "IN_PROGRESS" and started[1]["execution"]["jobDocument"] == '{"do":"it"}'
    assert ask(narrow, "GET", "/things/narrow/jobs/https-job")[1]["execution"]["status"] == "IN_PROGRESS"
    assert ask(narrow, "POST", "/things/narrow/jobs/https-job", b'{"status":"SUCCEEDED"}')[0] == 200
    assert iot.describe_job_execution(jobId="https-job", thingName="narrow")["execution"]["status"] == "SUCCEEDED"


def test_an_inactive_certificate_opens_nothing(server, tmp_path):
    gone = Identity(server, tmp_path, "gone")
    assert ask(gone, "POST", "/topics/a")[0] == 200
    server.boto("iot").update_certificate(certificateId=gone.certificate_id, newStatus="REVOKED")
    status, answer = ask(gone, "POST", "/topics/a")
    assert status == 403 and "DEVICE_CERTIFICATE_REVOKED" in answer["message"]


def test_the_https_port_takes_devices_by_alpn(server, wide):
    context = ssl.create_default_context(cafile=server.endpoints["caFile"])
    context.load_cert_chain(wide.certificate, wide.key)
    context.set_alpn_protocols(["x-amzn-http-ca"])
    with socket.create_connection(("127.0.0.1", int(server.ports["https"])), timeout=10) as raw, context.wrap_socket(raw, server_hostname="localhost") as tls:
        assert tls.selected_alpn_protocol() == "x-amzn-http-ca"
        for _ in range(2):  # on one connection
            tls.sendall(b"POST /topics/by/alpn?qos=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi")
            assert tls.recv(4096).startswith(b"HTTP/1.1 200")


def test_boto_publishes_and_qos_1_is_stored_before_the_answer(server, wide):
    sleeper = Client(wide, "sleeper", expiry=600, clean=False)
    sleeper.subscribe(("boto/#", 1))
    sleeper.close()
    data = server.boto("iot-data")
    for number in range(20):
        data.publish(topic=f"boto/{number}", qos=1, payload=str(number).encode())
    server.kill()
    server.start()
    sleeper = Client(wide, "sleeper", expiry=600, clean=False)
    assert sorted(int(sleeper.next().payload) for _ in range(20)) == list(range(20))
    sleeper.close()


def test_a_client_is_sent_away(server, wide):
    watcher = Client(wide, "watcher")
    watcher.subscribe(("wills/#", 1))
    for prevent in (True, False):
        victim = Client(wide, "victim", will={"topic": f"wills/{prevent}", "payload": "gone"})
        assert delete_connection(wide, "victim", prevent) == 200
        assert victim.ends.get(timeout=10) is not None
    assert watcher.next().topic == "wills/False"
    assert delete_connection(wide, "nobody", False) == 404
    until(lambda: "cause=API_INITIATED_DISCONNECT" in server.log(), 10, "the cause in the log")
    watcher.close()


def delete_connection(identity: Identity, client_id: str, prevent: bool) -> int:
    """Debian's boto3 is older than the call."""
    return ask(identity, "DELETE", f"/connections/{client_id}?preventWillMessage={str(prevent).lower()}")[0]
