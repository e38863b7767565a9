# SPDX-License-Identifier: Apache-2.0
"""What must be refused, each with its own clear error; the device stays on its image and says so in the job."""
import datetime
import json
import subprocess
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

from cloud import ACCOUNT, DEVICE, REGION, make_code_signer, program, until
from handmade import Handmade, sign_with


@pytest.fixture
def device(make_device, signed, request):
    """Trusts the key that the handmade releases are signed with."""
    name = "refuse-" + str(abs(hash(request.node.name)) % 10**10)
    return make_device(name, slot_bytes=1_000_000, flags=("--trust", str(signed.signer_certificate)))


def refused(device, job: str, status: str, reason: str):
    outcome = device.outcome(job)
    assert outcome["status"] == status, (outcome, device.log()[-3000:])
    assert outcome["details"].get("reason") == reason, outcome
    assert len(outcome["details"].get("message", "")) > 20, "the message must say what decided it"
    assert outcome["details"].get("version") == "1.0.0", outcome
    assert device.status()["version"] == "1.0.0"
    return outcome["details"]["message"]


def test_wrong_signature_costs_no_download(signed, device):
    hand = Handmade(signed, device.folder.name, program("1.1.0"))
    hand.file["signature"]["value"] = sign_with(signed.signer_key, b"another image")
    hand.make_stream()
    message = refused(device, hand.make_job(), "REJECTED", "signature-wrong")
    assert "origin" in message


def test_right_signature_by_a_certificate_the_device_does_not_know(signed, device, tmp_path):
    _, key = make_code_signer(tmp_path, "stranger")
    hand = Handmade(signed, device.folder.name, program("1.1.0"))
    hand.file["signature"].update(value=sign_with(key, hand.image), certificate="stranger.pem")
    hand.make_stream()
    refused(device, hand.make_job(), "REJECTED", "certificate-unknown")


def test_image_that_differs_from_its_hash(signed, device):
    hand = Handmade(signed, device.folder.name, program("1.1.0", pad=50_000))
    hand.streamed = hand.image[:-1] + b"!"
    hand.make_stream()
    refused(device, hand.make_job(), "FAILED", "image-hash")


def test_older_version(signed, device):
    hand = Handmade(signed, device.folder.name, program("0.9.0"), version="0.9.0")
    hand.make_stream()
    message = refused(device, hand.make_job(), "REJECTED", "version-lower")
    assert "0.9.0" in message and "1.0.0" in message


def test_image_larger_than_the_slot(signed, device):
    hand = Handmade(signed, device.folder.name, program("1.1.0", pad=1_000_001))
    hand.make_stream()
    message = refused(device, hand.make_job(), "REJECTED", "image-too-large")
    assert "1000000" in message and "1000001" in message


def test_truncated_stream(signed, device):
    hand = Handmade(signed, device.folder.name, program("1.1.0", pad=50_000))
    hand.streamed = hand.image[:20_000]
    hand.make_stream()
    refused(device, hand.make_job(), "FAILED", "stream-size")


def test_stream_that_does_not_exist(signed, device):
    hand = Handmade(signed, device.folder.name, program("1.1.0"))
    message = refused(device, hand.make_job(), "FAILED", "stream-not-found")
    assert hand.stream in message


@pytest.mark.parametrize("document, reason", [('{"operation":"reboot","schema":1}', "operation-unknown"), ('{"hello":"world"}', "document-incomplete"),
                                              ('{"operation":"otabahn.update","schema":2}', "schema-unsupported")])
def test_document_that_is_no_update(signed, device, document, reason):
    hand = Handmade(signed, device.folder.name, program("1.1.0"))
    refused(device, hand.make_job(document), "REJECTED", reason)


@pytest.mark.parametrize("member", ["version", "stream", "files"])
def test_document_with_a_missing_member(signed, device, member):
    hand = Handmade(signed, device.folder.name, program("1.1.0"))
    del hand.document[member]
    message = refused(device, hand.make_job(), "REJECTED", "document-incomplete")
    assert member in message


@pytest.mark.parametrize("member", ["size", "sha256", "fileId"])
def test_file_with_a_missing_member(signed, device, member):
    hand = Handmade(signed, device.folder.name, program("1.1.0"))
    del hand.file[member]
    message = refused(device, hand.make_job(), "REJECTED", "document-incomplete")
    assert member in message


def test_unsigned_file(signed, device):
    hand = Handmade(signed, device.folder.name, program("1.1.0"))
    del hand.file["signature"]
    refused(device, hand.make_job(), "REJECTED", "unsigned")


def test_document_that_is_no_json_is_refused_when_the_job_is_made(signed):
    iot, s3 = signed.boto("iot"), signed.boto("s3")
    iot.create_thing(thingName="nojson")
    target = f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/nojson"
    with pytest.raises(iot.exceptions.InvalidRequestException, match="JSON"):
        iot.create_job(jobId="nojson-1", targets=[target], document="{not json")
    s3.create_bucket(Bucket="nojson")
    s3.put_object(Bucket="nojson", Key="job.json", Body=b"{not json")
    with pytest.raises(iot.exceptions.InvalidRequestException, match="JSON"):
        iot.create_job(jobId="nojson-2", targets=[target], documentSource="https://s3.amazonaws.com/nojson/job.json")
    with pytest.raises(iot.exceptions.InvalidRequestException, match="missing.json"):
        iot.create_job(jobId="nojson-3", targets=[target], documentSource="https://s3.amazonaws.com/nojson/missing.json")
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_job(jobId="nojson-1")


def connection_refused(device, seconds: float = 15):
    """The agent stays up, says that it was not let in, and does not spin."""
    def said():
        assert device.process.poll() is None, device.log()
        return "connect" in device.log().lower()
    until(said, seconds, "a line on the connection in the agent's log")
    return device.log()


def certificate_of(signed, name: str) -> str:
    return signed.boto("iot").list_thing_principals(thingName=name)["principals"][0].rsplit("/", 1)[1]


def test_inactive_certificate_is_cut_off_and_back_when_active_again(signed, make_device, firmware):
    device = make_device("inactive-1")
    iot = signed.boto("iot")
    certificate = certificate_of(signed, "inactive-1")
    iot.update_certificate(certificateId=certificate, newStatus="INACTIVE")
    until(lambda: "INACTIVE" in signed.log() and certificate in signed.log(), 15, "the server's log naming the inactive certificate")
    job = signed.otabahn("deploy", firmware("1.1.0"), "--to", "thing/inactive-1", "--version", "1.1.0", "--name", "inactive-job", "--no-wait")
    assert job.returncode == 0
    assert iot.describe_job_execution(jobId="inactive-job", thingName="inactive-1")["execution"]["status"] == "QUEUED"
    iot.update_certificate(certificateId=certificate, newStatus="ACTIVE")
    assert device.outcome("inactive-job", 60)["status"] == "SUCCEEDED", device.log()[-3000:]


def test_certificate_that_is_not_registered(signed, make_device):
    device = make_device("unregistered-1", start=False)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=unregistered-1",
                    "-keyout", device.folder / "private.key", "-out", device.folder / "certificate.pem"], check=True, capture_output=True)
    device.start()
    connection_refused(device)
    until(lambda: "not registered" in signed.log(), 15, "the server's log saying 'not registered'")
    assert device.status()["version"] == "1.0.0"


def test_certificate_of_another_thing(signed, make_device, firmware):
    owner, thief = make_device("owner-1", start=False), make_device("thief-1", start=False)
    for name in ("certificate.pem", "private.key"):
        (thief.folder / name).write_bytes((owner.folder / name).read_bytes())
    thief.start()
    connection_refused(thief)
    until(lambda: "iot:Connect" in signed.log() and "client/thief-1" in signed.log(), 15, "the server's log naming action and resource")
    signed.otabahn("deploy", firmware("1.1.0"), "--to", "thing/thief-1", "--version", "1.1.0", "--name", "thief-job", "--no-wait")
    assert signed.boto("iot").describe_job_execution(jobId="thief-job", thingName="thief-1")["execution"]["status"] == "QUEUED"
    assert thief.status()["version"] == "1.0.0"


def test_wrong_sigv4_signature(signed):
    iot = signed.boto("iot")
    iot._request_signer._credentials.secret_key = "wrong" * 8
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        iot.list_things()
    assert refusal.value.response["Error"]["Code"] == "InvalidSignatureException"
    s3 = signed.boto("s3")
    s3._request_signer._credentials.secret_key = "wrong" * 8
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        s3.list_buckets()
    assert refusal.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


@pytest.mark.parametrize("minutes", [-20, 20])
def test_request_whose_clock_is_20_minutes_off(signed, minutes):
    credentials = botocore.credentials.Credentials(signed.key_id, signed.secret)
    request = botocore.awsrequest.AWSRequest("GET", f"{signed.http}/things", headers={})
    signer = botocore.auth.SigV4Auth(credentials, "iot", REGION)
    when = datetime.datetime.utcnow() + datetime.timedelta(minutes=minutes)
    request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    signer_signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    signer._inject_signature_to_request(request, signer_signature)
    http = urllib.request.Request(request.url, headers=dict(request.headers.items()))
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(http, timeout=10)
    assert refusal.value.code == 403
    assert refusal.value.headers["x-amzn-ErrorType"].startswith("InvalidSignatureException")
    assert "15 min" in json.loads(refusal.value.read())["message"]


def test_unsigned_request(signed):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{signed.http}/things", timeout=10)
    assert refusal.value.code == 403


def test_freertos_platform_stops_at_16_mb(signed, tmp_path):
    name = "refuse16"
    (tmp_path / "big.bin").write_bytes(b"\0" * (16 * 1024 * 1024 + 1))
    arn = signed.boto("signer").get_signing_profile(profileName="release")["signingMaterial"]["certificateArn"]
    signed.boto("signer").put_signing_profile(profileName=name, platformId="AmazonFreeRTOS-Default", signingMaterial={"certificateArn": arn})
    signed.boto("iot").create_thing(thingName=name)
    refused_deploy = signed.otabahn("deploy", tmp_path / "big.bin", "--to", f"thing/{name}", "--version", "2.0.0", "--signing-profile", name, check=False)
    assert refused_deploy.returncode == 1 and "16777216" in refused_deploy.stderr, refused_deploy.stderr
    s3, signer = signed.boto("s3"), signed.boto("signer")
    s3.create_bucket(Bucket="refuse16")
    s3.put_bucket_versioning(Bucket="refuse16", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="refuse16", Key="big", Body=(tmp_path / "big.bin").read_bytes())["VersionId"]
    with pytest.raises(signer.exceptions.ValidationException, match="16"):
        signer.start_signing_job(source={"s3": {"bucketName": "refuse16", "key": "big", "version": version}},
                                 destination={"s3": {"bucketName": "refuse16", "prefix": "signed/"}}, profileName=name)
    signer.cancel_signing_profile(profileName=name)


@pytest.mark.parametrize("trust, read, words", [(False, True, "iot.amazonaws.com"), (True, False, "s3:GetObject")])
def test_role_without_trust_or_without_read(signed, make_device, trust, read, words):
    """Each fails where AWS fails, and the message says which of the two it was."""
    service = "iot.amazonaws.com" if trust else "ec2.amazonaws.com"
    name = f"role-{int(trust)}{int(read)}"
    device = make_device(name, flags=("--trust", str(signed.signer_certificate)))
    hand = Handmade(signed, name, program("1.1.0"))
    hand.s3.create_bucket(Bucket=hand.bucket)
    hand.s3.put_object(Bucket=hand.bucket, Key="image", Body=hand.image)
    role = hand.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}))["Role"]["Arn"]
    if read:
        hand.iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{hand.bucket}/*"}]}))
    make = lambda: hand.iot.create_stream(streamId=hand.stream, roleArn=role, files=[{"fileId": 0, "s3Location": {"bucket": hand.bucket, "key": "image"}}])
    if not trust:
        with pytest.raises(hand.iot.exceptions.InvalidRequestException, match=words):
            make()
        return
    make()
    message = refused(device, hand.make_job(), "FAILED", "stream-unreadable")
    assert words in message


def test_second_agent_on_the_same_state_is_refused(make_device):
    device = make_device("twice-1")
    until(lambda: "twice-1" in device.log() or device.log(), 10, "the first agent's first line")
    second = subprocess.run([DEVICE, "run", "--config", device.config], capture_output=True, text=True, timeout=20)
    assert second.returncode == 1 and "another otabahn-device runs" in second.stderr, second.stderr
