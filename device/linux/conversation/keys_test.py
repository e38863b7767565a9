# SPDX-License-Identifier: Apache-2.0
"""Private keys that never leave their token: PKCS#11 by SoftHSM, TPM 2.0 by swtpm. And signers: kinds of keys, rotation.
usage: keys_test.py OTABAHN_DEVICE"""
import base64
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import agent_case  # noqa: E402
from agent_case import AgentCase, program  # noqa: E402
from mosquitto_cloud import document, free_port, run, signature  # noqa: E402

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


class TokenCase(AgentCase):
    def certify(self, public_key):
        """A device certificate for a key that we have only the public half of."""
        request, public = self.root / "request.pem", self.root / "public.pem"
        public.write_bytes(public_key)
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.root / "unused.key",
            "-subj", "/CN=device", "-out", request)
        certificate = self.root / "token-device.pem"
        run("openssl", "x509", "-req", "-in", request, "-force_pubkey", public, "-CA", self.pki.ca[0], "-CAkey", self.pki.ca[1], "-CAcreateserial",
            "-days", "30", "-out", certificate)
        return str(certificate)

    def assert_updates(self, device):
        device.start()
        self.order(program("1.1.0"), "1.1.0")
        ended = self.cloud.wait_for_end("J1", 30)
        self.assertEqual(ended["status"], "SUCCEEDED", ended)

    def refusal(self, **settings):
        device = self.device(**settings)
        done = device.command("run")
        self.assertEqual(done.returncode, 1)
        return done.stderr


class Pkcs11Test(TokenCase):
    def setUp(self):
        super().setUp()
        (self.root / "tokens").mkdir()
        (self.root / "softhsm2.conf").write_text(f"directories.tokendir = {self.root}/tokens\n")
        self.environment = {"SOFTHSM2_CONF": str(self.root / "softhsm2.conf")}
        os.environ.update(self.environment)
        run("softhsm2-util", "--init-token", "--free", "--label", "device", "--pin", "1234", "--so-pin", "1234")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.root / "key.pem")
        run("softhsm2-util", "--import", self.root / "key.pem", "--token", "device", "--label", "tls", "--id", "01", "--pin", "1234")
        self.certificate = self.certify(run("openssl", "pkey", "-in", self.root / "key.pem", "-pubout").stdout)
        (self.root / "key.pem").unlink()

    def tearDown(self):
        super().tearDown()
        del os.environ["SOFTHSM2_CONF"]

    def test_a_key_in_a_token_connects_and_updates(self):
        self.assert_updates(self.device(certificate=self.certificate, pkcs11_module=SOFTHSM,
                                        private_key="pkcs11:token=device;object=tls;type=private?pin-value=1234"))

    def test_what_is_wrong_with_a_token_is_told(self):
        for uri, words in (("pkcs11:token=device;object=other?pin-value=1234", "the token gives no such key"),
                           ("pkcs11:token=nowhere;object=tls?pin-value=1234", "the token gives no such key")):
            with self.subTest(uri):
                told = self.refusal(certificate=self.certificate, pkcs11_module=SOFTHSM, private_key=uri)
                self.assertIn(words, told)
                self.assertIn(uri.split("?")[0], told)
                self.assertNotIn("1234", told, "a PIN is no matter for a log")
        self.assertIn("does not belong to the certificate", self.refusal(
            pkcs11_module=SOFTHSM, private_key="pkcs11:token=device;object=tls?pin-value=1234"))


class TpmTest(TokenCase):
    def setUp(self):
        super().setUp()
        (self.root / "tpm").mkdir()
        port = self.free_pair()
        control = port + 1  # where the TSS looks for it
        self.swtpm = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.root}/tpm", "--ctrl", f"type=tcp,port={control}",
                                       "--server", f"type=tcp,port={port}", "--flags", "not-need-init,startup-clear"])
        address = f"swtpm:host=127.0.0.1,port={port}"
        self.environment = {"TPM2TOOLS_TCTI": address, "TPM2OPENSSL_TCTI": address}
        os.environ.update(self.environment)
        self.until("the TPM", lambda: subprocess.run(["tpm2_getrandom", "4"], capture_output=True).returncode == 0)

    def tearDown(self):
        super().tearDown()
        self.swtpm.kill()
        self.swtpm.wait()
        for name in self.environment:
            del os.environ[name]

    @staticmethod
    def free_pair():
        while True:
            port = free_port()
            with socket.socket() as second:
                try:
                    second.bind(("127.0.0.1", port + 1))
                    return port
                except (OSError, OverflowError):
                    continue

    def public_of(self, key):
        return run("openssl", "pkey", "-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2", "-in", key, "-pubout").stdout

    def test_a_key_file_that_only_the_tpm_can_use(self):
        key = self.root / "tpm.key"
        run("openssl", "genpkey", "-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2", "-algorithm", "EC",
            "-pkeyopt", "group:P-256", "-out", key)
        self.assert_updates(self.device(certificate=self.certify(self.public_of(key)), private_key=str(key)))

    def test_a_persistent_handle(self):
        context = self.root / "context"
        run("tpm2_createprimary", "-C", "o", "-G", "ecc256:ecdsa-sha256", "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign", "-c", context)
        run("tpm2_evictcontrol", "-C", "o", "-c", context, "0x81000001")
        run("tpm2_flushcontext", "-t")
        public = self.public_of("handle:0x81000001")
        self.assert_updates(self.device(certificate=self.certify(public), private_key="handle:0x81000001"))

    def test_a_handle_that_is_not_there_is_told(self):
        self.assertIn("the TPM gives no key of that handle", self.refusal(private_key="handle:0x81000077"))


class SignersTest(AgentCase):
    def signer_of(self, name, *algorithm, by=None):
        """A code signer with a key of that kind, self-signed or certified by another signer."""
        key, cert, request = self.root / f"{name}.key", self.root / f"{name}.pem", self.root / f"{name}.csr"
        run("openssl", "genpkey", *algorithm, "-out", key)
        extensions = self.root / "code.ext"
        extensions.write_text("keyUsage=digitalSignature\nextendedKeyUsage=codeSigning\n")
        run("openssl", "req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        authority = ["-CA", by[0], "-CAkey", by[1], "-CAcreateserial"] if by else ["-signkey", key]
        run("openssl", "x509", "-req", "-in", request, *authority, "-days", "30", "-extfile", extensions, "-out", cert)
        return cert, key

    P256 = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")

    def test_every_kind_of_key_that_signer_makes(self):
        kinds = {"p384": (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "SHA256-ECDSA"),
                 "rsa2048": (("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), "SHA256-RSA"),
                 "rsa4096": (("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"), "SHA256-RSA")}
        device = self.device()
        device.start()
        for number, (name, (algorithm, words)) in enumerate(kinds.items()):
            with self.subTest(name):
                signer = self.signer_of(name, *algorithm)
                device.trust(signer[0], f"{name}.pem")
                image = program(f"2.{number}.0")
                order = document(self.pki, image, f"2.{number}.0", signer)
                for part in (order["files"][0]["signature"], order["release"]["signature"]):
                    part.update(algorithm=words, certificate=f"{name}.pem")
                self.cloud.files["S"] = image
                self.cloud.create_job(name, order)
                ended = self.cloud.wait_for_end(name)
                self.assertEqual(ended["status"], "SUCCEEDED", ended)

    def certificates(self, *files):
        return [base64.b64encode(run("openssl", "x509", "-in", file, "-outform", "DER").stdout).decode() for file in files]

    def test_a_new_signer_is_introduced_by_the_old_ones_signature(self):
        old = self.signer_of("old", *self.P256)
        new = self.signer_of("new", *self.P256, by=old)
        stranger = self.signer_of("stranger", *self.P256)
        device = self.device()
        device.trust(old[0], "old.pem")
        device.start()
        image = program("1.1.0")
        self.cloud.files["S"] = image
        self.cloud.create_job("J1", document(self.pki, image, "1.1.0", stranger, certificates=self.certificates(stranger[0])))
        self.assert_refused(device, "J1", "REJECTED", "signature-wrong")
        self.cloud.create_job("J2", document(self.pki, image, "1.1.0", new, certificates=self.certificates(new[0])))
        self.assertEqual(self.cloud.wait_for_end("J2")["status"], "SUCCEEDED")
        # From now on it is trusted by itself.
        image = program("1.2.0")
        self.cloud.files["S"] = image
        self.cloud.create_job("J3", document(self.pki, image, "1.2.0", new))
        self.assertEqual(self.cloud.wait_for_end("J3")["status"], "SUCCEEDED")

    def with_changes(self, image, version, signer, trust):
        order = document(self.pki, image, version, signer)
        manifest = json.loads(base64.b64decode(order["release"]["manifest"]))
        manifest["trust"] = trust
        text = json.dumps(manifest).encode()
        order["release"] = {"manifest": base64.b64encode(text).decode(), "signature": signature(self.pki, signer, text)}
        return order

    def test_a_release_changes_the_signers_only_once_it_is_confirmed(self):
        old, new = self.signer, self.signer_of("new", *self.P256)
        identity = hashlib.sha256(run("openssl", "x509", "-in", old[0], "-outform", "DER").stdout).hexdigest()
        device = self.device()
        device.start()
        trusted = lambda: sorted(file.name for file in (device.folder / "trust").iterdir())  # noqa: E731
        change = {"add": self.certificates(new[0]), "remove": [identity]}
        image = program("1.1.0", ends_with=3)
        self.cloud.files["S"] = image
        self.cloud.create_job("J1", self.with_changes(image, "1.1.0", old, change))
        self.assertEqual(self.cloud.wait_for_end("J1")["details"]["reason"], "program-exited")
        self.assertEqual(trusted(), ["signer.pem"])
        image = program("1.2.0")
        self.cloud.files["S"] = image
        self.cloud.create_job("J2", self.with_changes(image, "1.2.0", old, change))
        ended = self.cloud.wait_for_end("J2")
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        self.assertEqual(len(trusted()), 1)
        self.assertTrue(trusted()[0].startswith("added-"))
        requests = self.cloud.requests
        self.order(program("1.3.0"), "1.3.0", job="J3")
        self.assertEqual(self.cloud.wait_for_end("J3")["details"]["reason"], "certificate-unknown")
        self.assertEqual(self.cloud.requests, requests)


if __name__ == "__main__":
    agent_case.main()
