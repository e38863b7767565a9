# SPDX-License-Identifier: Apache-2.0
"""A release by hand, each part of which a test may bend: image, signature, stream, document."""
import base64
import hashlib
import json
import subprocess
import uuid

from cloud import ACCOUNT, REGION, Server

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


def sign_with(key_file, data: bytes) -> str:
    return base64.b64encode(subprocess.run(["openssl", "dgst", "-sha256", "-sign", key_file], input=data, check=True, capture_output=True).stdout).decode()


class Handmade:
    """Signs with origin.key of the server's folder, whose certificate devices made with --trust origin.pem accept."""

    def __init__(self, server: Server, thing: str, image: bytes, version: str = "1.1.0"):
        self.server, self.thing, self.image, self.id = server, thing, image, uuid.uuid4().hex[:12]
        self.s3, self.iot, self.iam = server.boto("s3"), server.boto("iot"), server.boto("iam")
        self.bucket, self.stream, self.job = f"hand-{self.id}", f"hand-{self.id}", f"hand-{self.id}"
        self.streamed = image
        self.document = {"operation": "otabahn.update", "schema": 1, "version": version, "stream": self.stream,
                         "files": [{"fileId": 0, "name": "firmware", "size": len(image), "sha256": hashlib.sha256(image).hexdigest(),
                                    "signature": {"algorithm": "SHA256-ECDSA", "value": sign_with(server.signer_key, image), "certificate": "origin.pem"}}],
                         "parameters": {}}

    @property
    def file(self) -> dict:
        return self.document["files"][0]

    def make_stream(self):
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        version = self.s3.put_object(Bucket=self.bucket, Key="image", Body=self.streamed)["VersionId"]
        role = self.iam.create_role(RoleName=f"hand-{self.id}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=f"hand-{self.id}", PolicyName="read", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject*", "Resource": f"arn:aws:s3:::{self.bucket}/*"}]}))
        self.iot.create_stream(streamId=self.stream, roleArn=role, files=[{"fileId": 0, "s3Location": {"bucket": self.bucket, "key": "image", "version": version}}])

    def make_job(self, text: str = ""):
        self.iot.create_job(jobId=self.job, targets=[f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/{self.thing}"], document=text or json.dumps(self.document))
        return self.job
