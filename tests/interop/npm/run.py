#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs mqtt.js and aws-iot-device-sdk-v2 (the real AWS CRT) against `otabahn serve`: `make interop`, or

    tests/interop/npm/run.py --build build

They are installed from the npm registry into a folder outside the tree ($OTABAHN_NPM, else ~/.cache/otabahn/npm) and stay there.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "system"))
CACHE = pathlib.Path(os.environ.get("OTABAHN_NPM", pathlib.Path.home() / ".cache" / "otabahn" / "npm"))
NARROW = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"arn:aws:iot:*:*:client/narrow"},
 {"Effect":"Allow","Action":["iot:Publish","iot:Receive"],"Resource":"arn:aws:iot:*:*:topic/allowed/*"},
 {"Effect":"Allow","Action":"iot:Subscribe","Resource":"arn:aws:iot:*:*:topicfilter/allowed/*"}]}"""


def install():
    wanted, there = (HERE / "package.json").read_text(), CACHE / "package.json"
    if not (there.exists() and there.read_text() == wanted and (CACHE / "node_modules" / "mqtt").exists()):
        CACHE.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", there)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", CACHE], check=True)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", required=True, type=pathlib.Path, help="the folder of otabahn")
    given = arguments.parse_args()
    os.environ["OTABAHN_BUILD"] = str(given.build.resolve())
    from cloud import Server
    from mqtt_client import Identity

    install()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        server = Server(folder / "cloud")
        try:
            server.boto("iot").create_thing(thingName="crt-thing")
            identity, narrow = Identity(server, folder, "npm"), Identity(server, folder, "narrow", NARROW)
            host, port = "localhost", server.endpoints["mqtt"].rsplit(":", 1)[1]
            done = subprocess.run(["node", HERE / "clients.cjs", host, port, server.endpoints["caFile"], identity.certificate, identity.key,
                                   narrow.certificate, narrow.key], env={**os.environ, "NODE_PATH": str(CACHE / "node_modules")}, timeout=300)
            if done.returncode:
                print(server.log()[-4000:])
            return done.returncode
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
