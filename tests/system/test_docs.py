# SPDX-License-Identifier: Apache-2.0
"""The documents say what the programs do."""
import pathlib
import re
import subprocess

from cloud import OTABAHN

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_compatibility_is_what_is_bound():
    made = subprocess.run([ROOT / "tools" / "compatibility.sh", OTABAHN], check=True, capture_output=True, text=True).stdout
    assert (ROOT / "docs" / "compatibility.md").read_text() == made, "run `make docs` and commit docs/compatibility.md"


def test_links_between_documents_lead_somewhere():
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links {target}, which is not there"


def test_interoperability_names_tests_that_exist():
    tests = pathlib.Path(__file__).parent
    text = (ROOT / "docs" / "interoperability.md").read_text()
    for file, name in re.findall(r"`(?:(test_\w+\.py)::)?(test_\w+)`", text):
        assert f"def {name}(" in (tests / (file or "test_gateway_rows.py")).read_text(), f"docs/interoperability.md names {file}::{name}, which is not there"
    for file in re.findall(r"`(test_\w+\.py)`", text):
        assert (tests / file).exists(), file


def test_help_names_every_flag_of_the_contract():
    text = subprocess.run([OTABAHN, "serve", "--help"], check=True, capture_output=True, text=True).stdout
    for flag in ("--data", "--http", "--mqtt", "--https", "--device-https", "--account", "--hostname", "--quotas", "--rates", "--config"):
        assert flag in text, flag
