#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs every test; the last line is `N passed, N failed`.

Unit tests run in a release build, again under ASan and UBSan, the threaded ones again under TSan; store tests on SQLite and
on a PostgreSQL that is started here; then the system tests (pytest) against the programs.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What has threads of its own; TSan looks at these.
THREADED = ["runtime_test", "store_test", "bus_test", "http_test", "gateway_test"]


class Tally:
    def __init__(self):
        self.passed, self.failed, self.failures = 0, 0, []

    def add(self, passed: int, failures: list):
        self.passed += passed
        self.failed += len(failures)
        self.failures += failures


def say(text: str):
    print(f"== {text}", flush=True)


def build(folder: str, options: list, targets: list, jobs: int) -> pathlib.Path:
    path = ROOT / folder
    say(f"building {folder}")
    start = time.monotonic()
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
    subprocess.run(["cmake", "-S", ROOT, "-B", path, "-G", "Ninja", *launcher, *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", path, "-j", str(jobs), "--quiet", *targets], check=True)
    say(f"built {folder} in {time.monotonic() - start:.0f} s")
    return path


def unit_tests(path: pathlib.Path):
    """The names and programs that CMake registered, so that no list is kept twice."""
    listing = subprocess.run(["ctest", "--test-dir", path, "--show-only=json-v1"], check=True, capture_output=True, text=True)
    for test in json.loads(listing.stdout)["tests"]:
        if "command" in test:
            workdir = next((p["value"] for p in test.get("properties", []) if p["name"] == "WORKING_DIRECTORY"), str(path))
            yield test["name"], test["command"], workdir


def run_unit_tests(tally: Tally, path: pathlib.Path, label: str, env: dict, only=None):
    for name, command, workdir in unit_tests(path):
        if only is not None and name not in only:
            continue
        report = path / f"{name}.report.json"
        report.unlink(missing_ok=True)
        is_gtest = pathlib.Path(command[0]).name == name
        arguments = [*command, f"--gtest_output=json:{report}", "--gtest_brief=1"] if is_gtest else command
        outcome = subprocess.run(arguments, cwd=workdir, env=env, capture_output=True, text=True, errors="replace", timeout=900)
        passed, failures = 0, []
        if is_gtest and report.exists():
            for suite in json.loads(report.read_text())["testsuites"]:
                for case in suite["testsuite"]:
                    if case.get("result") == "SKIPPED" or case["status"] != "RUN":
                        failures.append(f"{label} {name} {suite['name']}.{case['name']}: was not run")
                    elif "failures" in case:
                        failures.append(f"{label} {name} {suite['name']}.{case['name']}")
                    else:
                        passed += 1
        elif outcome.returncode == 0 and not is_gtest:
            passed = 1
        if outcome.returncode != 0 and not failures:
            failures.append(f"{label} {name}: exit {outcome.returncode}")
        if is_gtest and passed == 0 and not failures:
            failures.append(f"{label} {name}: no test ran")
        if failures:
            print(outcome.stdout[-6000:], outcome.stderr[-6000:], sep="\n", flush=True)
        tally.add(passed, failures)
        print(f"   {label} {name}: {passed} passed, {len(failures)} failed", flush=True)


def run_system_tests(tally: Tally, env: dict, programs: pathlib.Path):
    say("system tests")
    report = programs / "system.report.xml"
    report.unlink(missing_ok=True)
    env = {**env, "OTABAHN_BUILD": str(programs)}
    outcome = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-x" if env.get("OTABAHN_FAIL_FAST") else "-q", f"--junitxml={report}", "tests/system"],
                             cwd=ROOT, env=env, timeout=2400)
    if not report.exists():
        tally.add(0, [f"system tests: pytest ended with {outcome.returncode} and no report"])
        return
    passed, failures = 0, []
    for case in xml.parse(report).getroot().iter("testcase"):
        name = f"system {case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failures.append(name)
        elif case.find("skipped") is not None:
            failures.append(f"{name}: was not run")
        else:
            passed += 1
    if passed == 0 and not failures:
        failures.append("system tests: no test ran")
    tally.add(passed, failures)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("--only", choices=["unit", "asan", "tsan", "system"], action="append", help="for developers: a part of it")
    given = arguments.parse_args()
    parts = given.only or ["unit", "asan", "tsan", "system"]
    tally = Tally()
    env = dict(os.environ)
    postgres = None
    try:
        started = subprocess.run([ROOT / "tests" / "postgres.sh", "start"], check=True, capture_output=True, text=True)
        env["OTABAHN_TEST_POSTGRES"] = started.stdout.strip()
        postgres = env["OTABAHN_TEST_POSTGRES"].split("host=")[1].split()[0]
        programs = None
        if "unit" in parts or "system" in parts:
            programs = build("build", ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=ON"], [], given.jobs)
        if "unit" in parts:
            say("unit tests")
            run_unit_tests(tally, programs, "release", env)
        if "asan" in parts:
            path = build("build-asan", ["-DCMAKE_BUILD_TYPE=Debug", "-DOTABAHN_SANITIZE=ON"], ["unit_tests", "otabahn-device"], given.jobs)
            say("unit tests under ASan and UBSan")
            run_unit_tests(tally, path, "asan", {**env, "UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_stack_use_after_return=1"})
        if "tsan" in parts:
            path = build("build-tsan", ["-DCMAKE_BUILD_TYPE=Debug", "-DOTABAHN_TSAN=ON"], THREADED, given.jobs)
            say("threaded unit tests under TSan")
            run_unit_tests(tally, path, "tsan", {**env, "TSAN_OPTIONS": f"halt_on_error=1:suppressions={ROOT}/tests/tsan.supp"}, only=THREADED)
        if "system" in parts:
            run_system_tests(tally, env, programs)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        tally.add(0, [str(failure)])
        print(getattr(failure, "stderr", "") or "", flush=True)
    finally:
        if postgres:
            subprocess.run([ROOT / "tests" / "postgres.sh", "stop", postgres], check=False)
    for failure in tally.failures:
        print(f"FAILED {failure}")
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
