#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds download.c with AWS's own device libraries, outside this repository, and has it download an image of 16 MiB from
`otabahn serve` by a job, in JSON and in CBOR. Nothing is fetched:

    for r in aws/aws-iot-core-mqtt-file-streams-embedded-c aws/Jobs-for-AWS-IoT-embedded-sdk FreeRTOS/coreJSON intel/tinycbor; do
        git clone https://github.com/$r; done
    tests/interop/aws_c/run.py --streams aws-iot-core-mqtt-file-streams-embedded-c --jobs Jobs-for-AWS-IoT-embedded-sdk \\
        --core-json coreJSON --tinycbor tinycbor --build build
"""
import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "system"))
SIZE = 16 * 1024 * 1024 - 1000  # the last block is a short one


def build(given, folder: pathlib.Path) -> pathlib.Path:
    generated = folder / "generated"
    generated.mkdir()
    # What tinycbor's own build writes.
    (generated / "tinycbor-export.h").write_text((given.tinycbor / "src" / "tinycbor-export.h.in").read_text())
    (generated / "tinycbor-version.h").write_text("#define TINYCBOR_VERSION_MAJOR 7\n#define TINYCBOR_VERSION_MINOR 0\n#define TINYCBOR_VERSION_PATCH 0\n")
    parser = given.jobs / "source" / "otaJobParser"
    sources = [HERE / "download.c", *(given.streams / "source").glob("*.c"), given.jobs / "source" / "jobs.c", *parser.glob("*.c"),
               given.core_json / "source" / "core_json.c", given.tinycbor / "src" / "cborencoder.c", given.tinycbor / "src" / "cborparser.c",
               given.tinycbor / "src" / "cborencoder_close_container_checked.c"]
    includes = [generated, given.streams / "source" / "include", given.jobs / "source" / "include", parser / "include", given.core_json / "source" / "include",
                given.tinycbor / "src"]
    program = folder / "download"
    subprocess.run(["cc", "-std=gnu11", "-O2", "-DMQTT_STREAMS_DO_NOT_USE_CUSTOM_CONFIG", "-DJOBS_DO_NOT_USE_CUSTOM_CONFIG", "-DDISABLE_TINYCBOR", *[f"-I{path}" for path in includes],
                    "-o", program, *sources, "-lmosquitto"], check=True)
    return program


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, what in (("streams", "aws-iot-core-mqtt-file-streams-embedded-c"), ("jobs", "Jobs-for-AWS-IoT-embedded-sdk"), ("core-json", "coreJSON"),
                       ("tinycbor", "tinycbor"), ("build", "the folder of otabahn")):
        arguments.add_argument(f"--{name}", required=True, type=lambda path: pathlib.Path(path).resolve(), help=what)
    given = arguments.parse_args()
    os.environ["OTABAHN_BUILD"] = str(given.build)
    from cloud import ACCOUNT, REGION, Server
    from handmade import Handmade, sign_with
    from mqtt_client import Identity

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        program = build(given, folder)
        server = Server(folder / "cloud")
        try:
            iot, identity = server.boto("iot"), Identity(server, folder, "device")
            host, port = server.endpoints["mqtt"].rsplit(":", 1)
            for encoding in ("json", "cbor"):
                thing = f"board-{encoding}"
                iot.create_thing(thingName=thing)
                hand = Handmade(server, thing, os.urandom(SIZE))
                hand.make_stream()
                signature = sign_with(server.signer_key, hand.image)
                document = {"afr_ota": {"protocols": ["MQTT"], "streamname": hand.stream, "files": [
                    {"filepath": "/", "filesize": SIZE, "fileid": 0, "certfile": "origin.pem", "fileType": 0, "sig-sha256-ecdsa": signature}]}}
                hand.make_job(json.dumps(document))
                out = folder / f"{encoding}.image"
                begin = time.monotonic()
                done = subprocess.run([program, host, port, server.endpoints["caFile"], identity.certificate, identity.key, thing, encoding, out],
                                      capture_output=True, text=True, timeout=300)
                took = time.monotonic() - begin
                assert done.returncode == 0, f"{encoding}: {done.stderr}\n{server.log()[-2000:]}"
                assert hashlib.sha256(out.read_bytes()).digest() == hashlib.sha256(hand.image).digest(), f"{encoding}: the image differs"
                status = iot.describe_job_execution(jobId=hand.job, thingName=thing)["execution"]["status"]
                assert status == "SUCCEEDED", status
                print(f"{encoding}: {done.stdout.strip()}, the image is whole, the job is {status}; {took:.1f} s", flush=True)
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
