# SPDX-License-Identifier: Apache-2.0
"""The short form of tests/soak.py; `make soak` is the long one."""
import pathlib
import sys

from mqtt_client import Identity

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import soak  # noqa: E402


def test_devices_that_come_and_go_lose_no_acknowledged_message(server, tmp_path):
    soak.run(server, Identity(server, tmp_path, "soak"), seconds=20, connections=200, rate=150, life=6, growth_mb=16)
