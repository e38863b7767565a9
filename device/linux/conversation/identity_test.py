# SPDX-License-Identifier: Apache-2.0
"""Provisioning by claim and renewal of certificates, against a scripted cloud. usage: identity_test.py OTABAHN_DEVICE"""
import json
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import agent_case  # noqa: E402
from agent_case import AgentCase, program  # noqa: E402
from mosquitto_cloud import THING, run  # noqa: E402

import paho.mqtt.client as mqtt  # noqa: E402


class Provisioning:
    """AWS's fleet provisioning: certificates for requests, and one template that names the thing by its serial number."""

    def __init__(self, pki, port):
        self.pki, self.issued, self.asked, self.reject = pki, [], [], None
        certificate, key = pki.certificate("provisioning")
        self.client = mqtt.Client(client_id="provisioning")
        self.client.tls_set(str(pki.ca[0]), str(certificate), str(key))
        ready = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe([("$aws/certificates/+/json", 1), ("$aws/provisioning-templates/+/provision/json", 1)])
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda client, data, message: self.receive(message.topic, json.loads(message.payload))
        self.client.connect("127.0.0.1", port, 60)
        self.client.loop_start()
        assert ready.wait(10)

    def receive(self, topic, request):
        self.asked.append((topic, request))
        if self.reject and topic.endswith("/provision/json"):
            answer, end = {"statusCode": 400, "errorCode": "InvalidParameters", "errorMessage": self.reject}, "rejected"
        elif topic == "$aws/certificates/create-from-csr/json":
            file = self.pki.folder / f"request{len(self.issued)}"
            file.write_text(request["certificateSigningRequest"])
            run("openssl", "req", "-in", file, "-verify", "-noout")
            pem = run("openssl", "x509", "-req", "-in", file, "-CA", self.pki.ca[0], "-CAkey", self.pki.ca[1], "-CAcreateserial", "-days", "365").stdout.decode()
            self.issued.append(pem)
            answer, end = {"certificateId": "0" * 64, "certificatePem": pem, "certificateOwnershipToken": f"token{len(self.issued)}"}, "accepted"
        else:
            assert request["certificateOwnershipToken"] == f"token{len(self.issued)}", request
            answer, end = {"deviceConfiguration": {}, "thingName": request["parameters"]["SerialNumber"]}, "accepted"
        self.client.publish(f"{topic}/{end}", json.dumps(answer), 1)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


class IdentityTest(AgentCase):
    def setUp(self):
        super().setUp()
        self.provisioning = Provisioning(self.pki, self.broker.port)

    def tearDown(self):
        self.provisioning.stop()
        super().tearDown()

    def claiming(self, serial=THING):
        claim = self.pki.certificate("claim")
        return self.device(certificate=None, private_key=None, claim_certificate=str(claim[0]), claim_private_key=str(claim[1]),
                           provisioning_template="fleet", provisioning_parameters=[f"SerialNumber={serial}"])

    def assert_updates(self, version, job):
        self.order(program(version), version, job=job)
        ended = self.cloud.wait_for_end(job)
        self.assertEqual(ended["status"], "SUCCEEDED", ended)

    def test_a_device_without_a_certificate_gets_one_by_its_claim_once(self):
        device = self.claiming()
        device.start()
        self.assert_updates("1.1.0", "J1")
        kept = device.folder / "state" / "identity.pem"
        self.until("kept", kept.exists)
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.assertTrue(kept.read_text().startswith(self.provisioning.issued[0]))
        subject = run("openssl", "x509", "-in", kept, "-noout", "-subject").stdout.decode()
        self.assertIn(THING, subject)
        self.assertEqual(device.stop(), 0)
        device.start()
        self.assert_updates("1.2.0", "J2")
        self.assertEqual(len(self.provisioning.issued), 1)

    def test_a_template_that_refuses_is_told_and_asked_again_and_the_program_runs_meanwhile(self):
        self.provisioning.reject = "SerialNumber is not on the list"
        device = self.claiming()
        device.start()
        self.until("the reason", lambda: "InvalidParameters: SerialNumber is not on the list" in device.text())
        self.assertIn("$aws/provisioning-templates/fleet/provision/json was rejected", device.text())
        self.until("the program", lambda: device.ran() == ["1.0.0 a 1.0.0 "])
        self.provisioning.reject = None
        self.assert_updates("1.1.0", "J1")

    def test_a_template_that_makes_another_thing_is_told(self):
        device = self.claiming(serial="SOMEBODY-ELSE")
        device.start()
        self.until("the reason", lambda: f"made thing SOMEBODY-ELSE, but thing_name in device.toml is {THING}" in device.text())
        self.assertFalse((device.folder / "state" / "identity.pem").exists())

    def test_a_certificate_that_ends_soon_is_renewed_and_its_old_key_stays_where_it_was(self):
        device = self.device(provisioning_template="fleet", provisioning_parameters=[f"SerialNumber={THING}"], renew_days=60)
        old = pathlib.Path(self.pki.folder / "device.pem").read_text()
        device.start()
        kept = device.folder / "state" / "identity.pem"
        self.until("renewed", kept.exists)
        self.until("told", lambda: "the new certificate has connected and is kept" in device.text())
        self.assertEqual(subprocess.run(["openssl", "x509", "-in", kept, "-noout", "-checkend", str(300 * 86400)], capture_output=True).returncode, 0)
        self.assertEqual(pathlib.Path(self.pki.folder / "device.pem").read_text(), old)
        self.assert_updates("1.1.0", "J1")
        self.assertEqual(len(self.provisioning.issued), 1, "the new one is good for a year")


if __name__ == "__main__":
    agent_case.main()
