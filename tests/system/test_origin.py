# SPDX-License-Identifier: Apache-2.0
"""Every command of the origin's signing set-up with Debian's AWS CLI, and its custom-job flow with CLI and with boto3; the
agent then finishes the job with the origin's own policy on its certificate."""
import hashlib
import json
import subprocess
import sys

import pytest

from cloud import ACCOUNT, DEVICE, ORIGIN_CERTIFICATE, Device, program, until

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def origin_policy(thing: str) -> str:
    """Section 3 of the origin: iot:* on one thing's resources, each topic both as topic and as topicfilter."""
    base = f"arn:aws:iot:us-east-1:{ACCOUNT}:"
    resources = [f"{base}thing/{thing}", f"{base}client/{thing}"]
    for topic in (f"$aws/things/{thing}/shadow/*", f"$aws/things/{thing}/jobs/*", f"$aws/things/{thing}/streams/*",
                  f"xsense/things/{thing}/shadow/*", f"xsense/things/{thing}/event/name/aaa"):
        resources += [f"{base}topic/{topic}", f"{base}topicfilter/{topic}"]
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": resources}]})


def read_policy(bucket: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": f"arn:aws:s3:::{bucket}/*"}]})


def document(stream: str, image: bytes, signature: str, version: str) -> dict:
    """What the origin's users write: stream, file, size, checksum, signature, parameters; no release."""
    return {"operation": "otabahn.update", "schema": 1, "version": version, "stream": stream,
            "files": [{"fileId": 0, "name": "firmware", "size": len(image), "sha256": hashlib.sha256(image).hexdigest(),
                       "signature": {"algorithm": "SHA256-ECDSA", "value": signature, "certificate": "origin.pem"}}],
            "parameters": {"team": "xsense"}}


@pytest.fixture(scope="module")
def profiles(server):
    put = ("signer", "put-signing-profile", "--profile-name")
    material = ("--signing-material", f"certificateArn={ORIGIN_CERTIFICATE}", "--region", "us-east-1")
    first = server.aws(*put, "otaSign", "--platform-id", "AWSIoTDeviceManagement-SHA256-ECDSA", *material)
    second = server.aws(*put, "otaFreeRTOS", "--platform-id", "AmazonFreeRTOS-Default", *material[:2], "--signing-parameters", "certname=/", "--region", "us-east-1")
    return first, second


def make_device(server, tmp_path, name: str, create) -> Device:
    """A bundle by hand, with the origin's policy: `create` is how the certificate is made (CLI or boto3)."""
    folder = tmp_path / name
    (folder / "trust").mkdir(parents=True)
    certificate, key = create(name, origin_policy(name))
    (folder / "certificate.pem").write_text(certificate)
    (folder / "private.key").write_text(key)
    (folder / "root-ca.pem").write_bytes(open(server.endpoints["caFile"], "rb").read())
    (folder / "trust" / "origin.pem").write_bytes(server.signer_certificate.read_bytes())
    (folder / "device.toml").write_text(
        f'thing_name = "{name}"\nendpoint = "{server.endpoints["mqtt"]}"\ncertificate = "certificate.pem"\nprivate_key = "private.key"\n'
        f'root_ca = "root-ca.pem"\ntrust = "trust"\nstate = "state"\nslot_bytes = 33554432\nself_test_seconds = 1\n')
    device = Device(server, folder)
    first = tmp_path / f"{name}.first"
    first.write_bytes(program("1.0.0"))
    device.factory(first, "1.0.0")
    device.start()
    return device


def test_list_signing_platforms_names_the_two_iot_platforms(server):
    platforms = server.aws("signer", "list-signing-platforms", "--region", "us-east-1")["platforms"]
    assert {"AWSIoTDeviceManagement-SHA256-ECDSA", "AmazonFreeRTOS-Default"} <= {p["platformId"] for p in platforms}


def test_put_signing_profile_answers_with_arn_and_version(profiles):
    for name, answer in zip(("otaSign", "otaFreeRTOS"), profiles):
        assert answer["arn"] == f"arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/{name}"
        assert answer["profileVersionArn"] == f"{answer['arn']}/{answer['profileVersion']}"


def test_profiles_are_listed_and_read_in_their_region_only(server, profiles):
    listed = server.aws("signer", "list-signing-profiles", "--region", "us-east-1")["profiles"]
    assert {p["profileName"] for p in listed} == {"otaSign", "otaFreeRTOS"}
    one = server.aws("signer", "get-signing-profile", "--profile-name", "otaSign", "--region", "us-east-1")
    assert one["signingMaterial"]["certificateArn"] == ORIGIN_CERTIFICATE and one["status"] == "Active"
    assert server.aws("signer", "list-signing-profiles", "--region", "us-east-2", region="us-east-2") == {"profiles": []}
    refused = server.aws("signer", "get-signing-profile", "--profile-name", "otaSign", "--region", "us-east-2", check=False)
    assert refused.returncode != 0 and "ResourceNotFoundException" in refused.stderr


def test_unknown_certificate_is_refused_for_a_profile(server):
    refused = server.aws("signer", "put-signing-profile", "--profile-name", "nobody", "--platform-id", "AmazonFreeRTOS-Default", "--signing-material",
                         f"certificateArn=arn:aws:acm:us-east-1:{ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000", check=False)
    assert refused.returncode != 0 and "00000000-0000-0000-0000-000000000000" in refused.stderr


def test_signing_jobs_and_streams_are_listed(server):
    assert "jobs" in server.aws("signer", "list-signing-jobs", "--region", "us-east-1")
    assert "streams" in server.aws("iot", "list-streams", "--max-results", "10", "--region", "us-east-1")


@pytest.mark.parametrize("profile", ["otaSign", "otaFreeRTOS"])
def test_the_flow_with_the_cli_ends_on_the_device(server, profiles, tmp_path, profile):
    name, bucket = f"DH-cli-{profile}", f"fw-cli-{profile.lower()}"
    image = program("1.1.0", pad=200_000)
    (tmp_path / "app.bin").write_bytes(image)
    server.aws("s3", "mb", f"s3://{bucket}")
    server.aws("s3api", "put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled")
    version = server.aws("s3api", "put-object", "--bucket", bucket, "--key", "app.bin", "--body", tmp_path / "app.bin")["VersionId"]
    role = server.aws("iam", "create-role", "--role-name", f"ota-{profile}", "--assume-role-policy-document", json.dumps(TRUST))["Role"]["Arn"]
    server.aws("iam", "put-role-policy", "--role-name", f"ota-{profile}", "--policy-name", "s3", "--policy-document", read_policy(bucket))
    server.aws("iot", "create-stream", "--stream-id", f"fw-{profile}", "--role-arn", role, "--files",
               json.dumps([{"fileId": 0, "s3Location": {"bucket": bucket, "key": "app.bin", "version": version}}]))
    job = server.aws("signer", "start-signing-job", "--source", f"s3={{bucketName={bucket},key=app.bin,version={version}}}", "--destination",
                     f"s3={{bucketName={bucket},prefix=signed/}}", "--profile-name", profile)["jobId"]
    until(lambda: server.aws("signer", "describe-signing-job", "--job-id", job)["status"] == "Succeeded", 20, "the signing job")
    server.aws("s3", "cp", f"s3://{bucket}/signed/{job}", tmp_path / "signed.json")
    output = json.loads((tmp_path / "signed.json").read_text())
    assert output["rawPayloadSize"] == len(image) and output["signatureAlgorithm"] == "SHA256withECDSA"
    assert ("payload" in output) == (profile == "otaFreeRTOS")
    (tmp_path / "job.json").write_text(json.dumps(document(f"fw-{profile}", image, output["signature"], "1.1.0")))
    server.aws("s3", "cp", tmp_path / "job.json", f"s3://{bucket}/job.json")

    def create(thing: str, policy: str):
        server.aws("iot", "create-thing", "--thing-name", thing)
        made = server.aws("iot", "create-keys-and-certificate", "--set-as-active")
        server.aws("iot", "create-policy", "--policy-name", f"p-{thing}", "--policy-document", policy)
        server.aws("iot", "attach-policy", "--policy-name", f"p-{thing}", "--target", made["certificateArn"])
        server.aws("iot", "attach-thing-principal", "--thing-name", thing, "--principal", made["certificateArn"])
        return made["certificatePem"], made["keyPair"]["PrivateKey"]

    device = make_device(server, tmp_path, name, create)
    try:
        server.aws("iot", "create-job", "--job-id", f"job-{profile}", "--targets", f"arn:aws:iot:us-east-1:{ACCOUNT}:thing/{name}",
                   "--document-source", f"https://s3.us-east-1.amazonaws.com/{bucket}/job.json")
        outcome = device.outcome(f"job-{profile}")
        assert outcome["status"] == "SUCCEEDED", (outcome, device.log()[-3000:])
        assert device.status()["version"] == "1.1.0"
        assert until(lambda: server.aws("iot", "describe-job", "--job-id", f"job-{profile}")["job"]["status"] == "COMPLETED", 5, "COMPLETED")
    finally:
        device.stop()


@pytest.mark.parametrize("source", ["https://s3.amazonaws.com/{b}/job.json", "https://s3-us-east-1.amazonaws.com/{b}/job.json",
                                    "https://{b}.s3.us-east-1.amazonaws.com/job.json", "https://{b}.s3.amazonaws.com/job.json", "{http}/{b}/job.json"])
def test_the_flow_with_boto3_ends_on_the_device(server, profiles, tmp_path, source):
    s3, iot, iam, signer = (server.boto(service) for service in ("s3", "iot", "iam", "signer"))
    suffix = hashlib.sha256(source.encode()).hexdigest()[:8]
    name, bucket = f"DH-boto-{suffix}", f"fw-boto-{suffix}"
    image = program("1.1.0", pad=100_000)
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="app.bin", Body=image)["VersionId"]
    role = iam.create_role(RoleName=f"ota-{suffix}", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName=f"ota-{suffix}", PolicyName="s3", PolicyDocument=read_policy(bucket))
    iot.create_stream(streamId=f"fw-{suffix}", files=[{"fileId": 0, "s3Location": {"bucket": bucket, "key": "app.bin", "version": version}}], roleArn=role)
    job = signer.start_signing_job(source={"s3": {"bucketName": bucket, "key": "app.bin", "version": version}},
                                   destination={"s3": {"bucketName": bucket, "prefix": "signed/"}}, profileName="otaSign")["jobId"]
    until(lambda: signer.describe_signing_job(jobId=job)["status"] == "Succeeded", 20, "the signing job")
    key = signer.describe_signing_job(jobId=job)["signedObject"]["s3"]["key"]
    signature = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())["signature"]
    s3.put_object(Bucket=bucket, Key="job.json", Body=json.dumps(document(f"fw-{suffix}", image, signature, "1.1.0")))

    def create(thing: str, policy: str):
        iot.create_thing(thingName=thing)
        made = iot.create_keys_and_certificate(setAsActive=True)
        iot.create_policy(policyName=f"p-{thing}", policyDocument=policy)
        iot.attach_policy(policyName=f"p-{thing}", target=made["certificateArn"])
        iot.attach_thing_principal(thingName=thing, principal=made["certificateArn"])
        return made["certificatePem"], made["keyPair"]["PrivateKey"]

    device = make_device(server, tmp_path, name, create)
    try:
        iot.create_job(jobId=f"job-{suffix}", targets=[f"arn:aws:iot:us-east-1:{ACCOUNT}:thing/{name}"],
                       documentSource=source.format(b=bucket, http=server.http), targetSelection="SNAPSHOT")
        outcome = device.outcome(f"job-{suffix}")
        assert outcome["status"] == "SUCCEEDED", (outcome, device.log()[-3000:])
        assert device.status()["version"] == "1.1.0"
    finally:
        device.stop()


def test_the_example_release_script_brings_an_update_to_a_device(server, profiles, tmp_path):
    """examples/release.py is the origin's flow in boto3, as a user would run it."""
    name = "DH-example"

    def create(thing: str, policy: str):
        iot = server.boto("iot")
        iot.create_thing(thingName=thing)
        made = iot.create_keys_and_certificate(setAsActive=True)
        iot.create_policy(policyName=f"p-{thing}", policyDocument=policy)
        iot.attach_policy(policyName=f"p-{thing}", target=made["certificateArn"])
        iot.attach_thing_principal(thingName=thing, principal=made["certificateArn"])
        return made["certificatePem"], made["keyPair"]["PrivateKey"]

    device = make_device(server, tmp_path, name, create)
    try:
        (tmp_path / "app.bin").write_bytes(program("2.0.0", pad=50_000))
        script = subprocess.run([sys.executable, "examples/release.py", tmp_path / "app.bin", "--thing", name, "--version", "2.0.0", "--profile", "otaFreeRTOS",
                                 "--bucket", "fw-example", "--role", "ota-example", "--endpoint-url", server.http, "--job", "example-1"],
                                env=server.env(), capture_output=True, text=True, timeout=120)
        assert script.returncode == 0, script.stderr
        assert device.outcome("example-1")["status"] == "SUCCEEDED", device.log()[-3000:]
    finally:
        device.stop()
