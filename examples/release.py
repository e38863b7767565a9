#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A release by hand with boto3: upload, sign, stream, job document, job. Works on AWS and on otabahn serve alike.

On AWS leave --endpoint-url out. boto3 before 1.28 does not read AWS_ENDPOINT_URL, so the flag hands it over.
The device must trust the profile's code-signing certificate; its bundle comes from `otabahn thing create`.
Not tried on AWS itself.
"""
import argparse
import hashlib
import json
import pathlib
import time
import uuid

import boto3

TRUST_IN_IOT = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def ensure_bucket(s3, bucket: str, region: str) -> None:
    """Versioning must be on before the upload: Signer and the stream name a version."""
    try:
        s3.head_bucket(Bucket=bucket)
    except s3.exceptions.ClientError as missing:
        if missing.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **where)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def ensure_role(iam, name: str, bucket: str) -> str:
    """The role that AWS IoT assumes: it trusts iot.amazonaws.com and reads the firmware."""
    try:
        return iam.get_role(RoleName=name)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST_IN_IOT))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="read-firmware", PolicyDocument=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": f"arn:aws:s3:::{bucket}/*"}]}))
        return arn


def sign(signer, s3, profile: str, bucket: str, key: str, version: str) -> str:
    """The signature over the raw image, base64, out of the object that Signer writes."""
    job = signer.start_signing_job(source={"s3": {"bucketName": bucket, "key": key, "version": version}},
                                   destination={"s3": {"bucketName": bucket, "prefix": "signed/"}}, profileName=profile)["jobId"]
    while True:
        state = signer.describe_signing_job(jobId=job)
        if state["status"] == "Succeeded":
            break
        if state["status"] == "Failed":
            raise SystemExit(f"signing failed: {state.get('statusReason')}")
        time.sleep(0.5)
    where = state["signedObject"]["s3"]
    return json.loads(s3.get_object(Bucket=where["bucketName"], Key=where["key"])["Body"].read())["signature"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file", type=pathlib.Path)
    arguments.add_argument("--thing", required=True)
    arguments.add_argument("--version", required=True)
    arguments.add_argument("--profile", required=True, help="signing profile")
    arguments.add_argument("--bucket", required=True)
    arguments.add_argument("--role", default="ota-stream")
    arguments.add_argument("--job", default=f"release-{uuid.uuid4()}")
    arguments.add_argument("--endpoint-url")
    given = arguments.parse_args()

    s3, iam, iot, signer, sts = (boto3.client(name, endpoint_url=given.endpoint_url) for name in ("s3", "iam", "iot", "signer", "sts"))
    account, region = sts.get_caller_identity()["Account"], iot.meta.region_name
    image = given.file.read_bytes()

    ensure_bucket(s3, given.bucket, region)
    role = ensure_role(iam, given.role, given.bucket)
    version = s3.put_object(Bucket=given.bucket, Key=given.file.name, Body=image)["VersionId"]
    signature = sign(signer, s3, given.profile, given.bucket, given.file.name, version)
    stream = f"fw-{uuid.uuid4()}"
    iot.create_stream(streamId=stream, roleArn=role,
                      files=[{"fileId": 0, "s3Location": {"bucket": given.bucket, "key": given.file.name, "version": version}}])
    document = {"operation": "otabahn.update", "schema": 1, "version": given.version, "stream": stream,
                "files": [{"fileId": 0, "name": "firmware", "size": len(image), "sha256": hashlib.sha256(image).hexdigest(),
                           "signature": {"algorithm": "SHA256-ECDSA", "value": signature, "certificate": f"{given.profile}.pem"}}],
                "parameters": {}}
    s3.put_object(Bucket=given.bucket, Key=f"{given.job}.json", Body=json.dumps(document).encode())
    iot.create_job(jobId=given.job, targets=[f"arn:aws:iot:{region}:{account}:thing/{given.thing}"], targetSelection="SNAPSHOT",
                   documentSource=f"https://s3.{region}.amazonaws.com/{given.bucket}/{given.job}.json")
    print(f"job {given.job} is on its way to {given.thing}")


if __name__ == "__main__":
    main()
