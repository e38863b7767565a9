#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: run.py --build FOLDER [--row NAME …] [--rounds N]   Side-by-side benchmarks: ours and what a user would take instead, in turn
in the same run, with the ratio and the bar that it is held to. Absolute figures belong to this machine and this minute; quote the ratios.

Server and client have a core each. A server is judged by what it does in a second of its own processor time, so that neither the client
nor other programs on the machine can be what limits it. Printed beside that, for server and client apart: processor time, and in what
share of the time the busiest thread ran or was ready to run. A server that was busy all the time always had work: its client kept up. One
that was not is judged below what it can do, for it gathers less into a record and a system call than under full load.
"""
import argparse
import datetime
import json
import pathlib
import re
import resource
import subprocess

from stand import CLIENT_CORE, BOTH_CORES, Stand, median

MEGABYTE = 1e6
rounds = 5
missed = []


def verdict(what: str, value: float, bar: float, at_most: bool = False, stretch: bool = False):
    """`value` is a ratio that is to be at least (or at most) `bar`."""
    met = value <= bar if at_most else value >= bar
    kind = "stretch" if stretch else "bar"
    print(f"  {what:<58} {value:6.2f}   {kind} {'at most' if at_most else 'at least'} {bar:.2f}: {'met' if met else 'NOT MET'}", flush=True)
    if not met:
        missed.append(f"{what} ({kind} {bar:.2f}, got {value:.2f})")


class Samples:
    """Runs of one target: work done, and by how much processor time."""

    def __init__(self):
        self.runs, self.per_cpu = [], []

    def add(self, work: float, run: dict):
        self.runs.append(run)
        self.per_cpu.append(work / run["serverCpuSeconds"])

    def over(self, other: "Samples") -> float:
        """How much more work a second of processor time does than the other's, the runs of one round compared with each other."""
        return median(mine / theirs for mine, theirs in zip(self.per_cpu, other.per_cpu))

    def show(self, name: str, scale: float, unit: str):
        def part(side):
            return f"{median(r[side + 'CpuSeconds'] for r in self.runs):.2f} s CPU, {100 * median(r[side + 'Load'] for r in self.runs):.0f} % busy"
        print(f"  {name:<22} {median(self.per_cpu) / scale:10,.1f} {unit:<34} server {part('server')}; client {part('client')}", flush=True)


def paired(title: str, scale: float, unit: str, runs: dict) -> dict:
    """`runs`: name -> function that gives (work, run). In turn, so that what disturbs one disturbs the others too."""
    samples = {name: Samples() for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            samples[name].add(*run())
    print(f"\n{title}", flush=True)
    for name, sample in samples.items():
        sample.show(name, scale, unit)
    return samples


def download(build: pathlib.Path):
    """A whole update's download of 16 MiB by the agent, beside curl fetching the same file from nginx over TLS."""
    size = 16 * 1024 * 1024
    with Stand(build) as stand:
        files = stand.folder / "files"
        files.mkdir()
        image, first = files / "image.bin", stand.folder / "first"
        device = stand.cloud.Device(stand.server, stand.bundle)
        device.set(self_test_seconds=1, slot_bytes=size * 2)
        first.write_bytes(stand.cloud.program("1.0.0"))
        device.factory(first, "1.0.0")
        nginx = stand.nginx(files)
        device.start()
        ours, curls = [], []
        try:
            for number in range(1, min(rounds, 3) + 1):
                image.write_bytes(stand.cloud.program(f"1.{number}.0", pad=size))
                seconds = subprocess.run(["taskset", "-c", CLIENT_CORE, "curl", "-s", "--cacert", stand.server.endpoints["caFile"], "-o", stand.folder / "fetched",
                                          "-w", "%{time_total}", f"https://{nginx.endpoint}/image.bin"], check=True, capture_output=True, text=True).stdout
                curls.append(size / float(seconds))
                stand.server.otabahn("deploy", image, "--to", "thing/bench", "--version", f"1.{number}.0")
                # From the first request to the last block on disk, by the agent's own log.
                begin, end = (re.search(rf"^(\S+)Z otabahn-device {words}", device.log(), re.M)
                              for words in (rf"fetching 1\.{number}\.0 ", rf"every block of 1\.{number}\.0 "))
                assert begin and end, device.log()[-2000:]
                seconds = (datetime.datetime.fromisoformat(end.group(1)) - datetime.datetime.fromisoformat(begin.group(1))).total_seconds()
                ours.append(size / max(seconds, 1e-3))
        finally:
            device.stop()
        print(f"\nupdate of 16 MiB, downloaded (wall time; the agent also writes, syncs and keeps progress)\n"
              f"  otabahn-device   {median(ours) / MEGABYTE:.0f} MB/s\n  curl from nginx  {median(curls) / MEGABYTE:.0f} MB/s\n"
              f"  ratio            {median(ours) / median(curls):.2f}, without a bar", flush=True)


def blocks(build: pathlib.Path):
    """Blocks from GetStream over mutual TLS, one loop, 8 connections."""
    size = 16 * 1024 * 1024
    with Stand(build) as stand:
        stream = stand.stream(size)
        files = stand.folder / "files"
        files.mkdir()
        nginx, mosquitto, writer = stand.nginx(files), stand.mosquitto(), stand.bare("write", 16384)
        stand.responder(mosquitto)
        for kib, per_request, in_flight, over_nginx, over_mosquitto, of_writer in ((4, 16, 4, 2.0, 2.0, 0.8), (128, 1, 2, 1.0, 1.5, 0.9)):
            (files / f"{kib}.bin").write_bytes(b"x" * (kib * 1024))

            def fetch(target):
                run = stand.load(target, "blocks", "--stream", stream, "--block-size", kib * 1024, "--per-request", per_request, "--in-flight", in_flight,
                                 "--file-size", size, "--seconds", 1.5)
                return run["bytes"], run

            def get():
                run = stand.load(nginx, "get", "--path", f"/{kib}.bin", "--file-bytes", kib * 1024, "--in-flight", in_flight, "--seconds", 1.5)
                return run["bytes"], run

            def drain():
                run = stand.load(writer, "drain", "--seconds", 1.5)
                return run["bytes"], run

            name = f"blocks of {kib} KiB, {per_request} a request"
            got = paired(name, MEGABYTE, "MB a CPU second", {"otabahn": lambda: fetch(stand), "nginx": get, "Mosquitto": lambda: fetch(mosquitto), "bare writer": drain})
            for peer, bar, stretch in (("nginx", over_nginx, False), ("Mosquitto", over_mosquitto, False), ("bare writer", of_writer, True)):
                verdict(f"{name}, to {peer}", got["otabahn"].over(got[peer]), bar, stretch=stretch)


def latency(build: pathlib.Path):
    """How long a block request takes while 1,000 devices download."""
    size = 16 * 1024 * 1024
    with Stand(build) as stand:
        stream = stand.stream(size)
        for kib, per_request in ((4, 16), (128, 1)):
            runs = [stand.load(stand, "blocks", "--stream", stream, "--devices", 1000, "--block-size", kib * 1024, "--per-request", per_request, "--in-flight", 1,
                               "--file-size", size, "--seconds", 2) for _ in range(min(rounds, 3))]
            run = sorted(runs, key=lambda r: r["p99Milliseconds"] / r["medianMilliseconds"])[len(runs) // 2]
            name = f"p99 of {per_request} x {kib} KiB while 1,000 devices download"
            print(f"\n{name}\n  median {run['medianMilliseconds']:.1f} ms, p99 {run['p99Milliseconds']:.1f} ms of {run['requests']:,} requests", flush=True)
            verdict(f"{name}, to the median", run["p99Milliseconds"] / run["medianMilliseconds"], 3.0, at_most=True)


def connections(build: pathlib.Path):
    """What it costs to accept a connection, by mutual TLS with ECDSA P-256."""
    count = 2000
    with Stand(build) as stand, Stand(build, loops=2) as two:
        mosquitto, bare = stand.mosquitto(), stand.bare("accept")

        def accept(on, target, core=CLIENT_CORE):
            run = on.load(target, "connections", "--connections", count, core=core)
            return count, run

        got = paired("connections accepted", 1, "connections a CPU second",
                     {"otabahn": lambda: accept(stand, stand), "Mosquitto": lambda: accept(stand, mosquitto), "bare OpenSSL": lambda: accept(stand, bare)})
        for peer, bar, stretch in (("Mosquitto", 1.4, False), ("bare OpenSSL", 0.95, True)):
            verdict(f"connections accepted, to {peer}", got["otabahn"].over(got[peer]), bar, stretch=stretch)
        two_loops("connections accepted", 1, "connections a CPU second", stand, two, accept)


def two_loops(title: str, scale: float, unit: str, stand: Stand, two: Stand, run):
    """The same load on a server with one loop and on one with two, either with its client on both cores."""
    for each in (stand, two):
        each.place(BOTH_CORES)
    got = paired(f"{title}: one loop and two, on both cores", scale, unit,
                 {"one loop": lambda: run(stand, stand, BOTH_CORES), "two loops": lambda: run(two, two, BOTH_CORES)})
    verdict(f"{title}, CPU with two loops to one", got["one loop"].over(got["two loops"]), 1.1, at_most=True)
    stand.place("0")


def idle(build: pathlib.Path):
    """Memory of an idle connection, and the cost of a message among few and among many connections."""
    many = min(15_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 2500)

    def crowd(on, target, count, *round_trip):
        return on.load(target, "connections", "--connections", count, *round_trip)

    around = ("--round-seconds", 2)
    with Stand(build) as stand:
        ours = crowd(stand, stand, many, *around)
        mosquitto, bare = crowd(stand, stand.mosquitto(), many, *around), crowd(stand, stand.bare("accept"), many)
    mine = ours["residentBytesEach"]
    name = f"idle connection, {many:,} of them"
    print(f"\n{name}: resident memory each")
    for peer, run in (("otabahn", ours), ("Mosquitto", mosquitto), ("bare OpenSSL", bare)):
        print(f"  {peer:<16} {run['residentBytesEach'] / 1000:6.1f} KB", flush=True)
    verdict(f"{name}, to Mosquitto", mine / mosquitto["residentBytesEach"], 1.05, at_most=True)
    verdict(f"{name}, to 15 KB", mine / 15_000, 1.0, at_most=True, stretch=True)
    with Stand(build) as stand:
        few = crowd(stand, stand, 100, *around)
        few_mosquitto = crowd(stand, stand.mosquitto(), 100, *around)

    def cost(run):
        return run["round"]["serverCpuSeconds"] / run["round"]["messages"] * 1e6
    print(f"\nmessage of 100 B among 100 and among {many:,} connections: CPU of the server\n"
          f"  otabahn    {cost(few):6.2f} us and {cost(ours):6.2f} us\n"
          f"  Mosquitto  {cost(few_mosquitto):6.2f} us and {cost(mosquitto):6.2f} us, {cost(mosquitto) / cost(few_mosquitto):.2f} times", flush=True)
    verdict(f"message among {many:,} connections, to among 100", cost(ours) / cost(few), 1.5, at_most=True)


def core(build: pathlib.Path):
    """The same without sockets, TLS and store, to a million sessions and subscriptions."""
    done = subprocess.run(["taskset", "-c", "0", build / "bench" / "gateway_growth_bench", "--benchmark_format=json", "--benchmark_min_time=0.5"],
                          check=True, capture_output=True, text=True)
    costs = {tuple(map(int, run["name"].split("/")[1:3])): run for run in json.loads(done.stdout)["benchmarks"]}
    print("\nmessage of 100 B in the gateway's core, by sessions and subscriptions")
    for (sessions, qos), run in costs.items():
        print(f"  QoS {qos} among {sessions:>9,}  {run['cpu_time']:7.0f} ns, {run['bytes_each']:,.0f} bytes each", flush=True)
    for qos in (0, 1):
        verdict(f"core, QoS {qos}, among 1,000,000 to among 100", costs[1_000_000, qos]["cpu_time"] / costs[100, qos]["cpu_time"], 1.5, at_most=True)
        # A hundred thousand are beyond the caches already: what grows from there on is the work.
        print(f"  QoS {qos} among 1,000,000 to among 100,000: {costs[1_000_000, qos]['cpu_time'] / costs[100_000, qos]['cpu_time']:.2f}", flush=True)


def messages(build: pathlib.Path):
    """QoS 0 and 1, 100 bytes, to 1 and to 1,000 subscribers."""
    with Stand(build) as stand, Stand(build, loops=2) as two:
        mosquitto = stand.mosquitto()
        for groups, subscribers, under_way in ((64, 1, 32), (1, 1000, 16)):
            for qos in (0, 1):

                def pass_on(on, target, core=CLIENT_CORE):
                    run = on.load(target, "messages", "--groups", groups, "--subscribers", subscribers, "--under-way", under_way, "--qos", qos,
                                  "--seconds", 1.5, core=core)
                    return run["delivered"], run

                name, unit = f"QoS {qos} to {subscribers:,}, 100 B", "thousand deliveries a CPU second"
                got = paired(name, 1000, unit, {"otabahn": lambda: pass_on(stand, stand), "Mosquitto": lambda: pass_on(stand, mosquitto)})
                for bar, stretch in ((1.0, False), (2.0, True)):
                    verdict(f"{name}, to Mosquitto", got["otabahn"].over(got["Mosquitto"]), bar, stretch=stretch)
                two_loops(name, 1000, unit, stand, two, pass_on)


ROWS = {"blocks": blocks, "idle": idle, "connections": connections, "messages": messages, "core": core, "latency": latency, "download": download}


def main():
    global rounds
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--row", choices=ROWS, action="append", help="only this one; may be repeated")
    arguments.add_argument("--rounds", type=int, default=rounds, help="of each comparison")
    given = arguments.parse_args()
    rounds = given.rounds
    for name, run in ROWS.items():
        if not given.row or name in given.row:
            run(given.build.resolve())
    print("\nNot met: " + ("; ".join(missed) if missed else "nothing."))


if __name__ == "__main__":
    main()
