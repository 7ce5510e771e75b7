"""Measures the portal and Orthanc in turn; see scripts/bench-peer."""

import argparse
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import bench_cpu as cpu
import bench_load as load
import bench_films
from orthanc_server import PROGRAM
from bench_servers import Cluster, Peer, Portal, missing, settled

# Films that are sent before those that count.
WARMING = 8
rows = []


def note(what, unit, limit, ours, theirs, spent, most=None):
    """A row: medians of both with the range of each run, their ratio, whether the limit holds, and what one took of the
    processor."""
    one, other = statistics.median(ours), statistics.median(theirs)
    ratio = one / other
    least = most is None
    holds = ratio >= limit if least else ratio <= most
    form = lambda values: f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"
    wanted = f"≥ {limit}" if least else f"≤ {most}"
    verdict, taken = "yes" if holds else "**no**", "{:.1f}, {:.1f}".format(*spent)
    rows.append((f"{what}, {unit}", form(ours), form(theirs), wanted, f"{ratio:.2f}", verdict, taken))
    progress(f"{what}: {one:.1f} beside {other:.1f} {unit}: {ratio:.2f} ({wanted}: {'holds' if holds else 'does not hold'})")


def progress(text):
    print(text, file=sys.stderr, flush=True)


def in_turn(run):
    """Both servers, the other one first each time."""
    return (0, 1) if run % 2 == 0 else (1, 0)


def storing(options, films, make):
    """Instances a second into fresh stores: one run of the portal, one of Orthanc, and so on. A few films go before those
    that count, so that neither begins cold."""
    chosen, before = films[: options.store], films[options.store :][:WARMING]
    for name, send in (("STOW-RS", load.stow), ("C-STORE", load.cstore)):
        for clients in (1, 4):
            rates, spent = ([], []), [0, 0]
            for run in range(options.runs):
                for which in in_turn(run):
                    with make[which]() as server:
                        send(server, before, clients)
                        begun = cpu.spent(server.processes())
                        rates[which].append(len(chosen) / send(server, chosen, clients))
                        spent[which] += (cpu.spent(server.processes()) - begun) / len(chosen) / options.runs
                        all_are_there(server, len(before) + len(chosen))
            note(f"{name}, {clients} client{'s' * (clients > 1)}", "instances/s", 2, *rates, spent)


def all_are_there(server, sent):
    if not settled(server, sent):
        raise SystemExit(f"{server.name}: {server.count()} of {sent} films are there")


def reading(options, films, make):
    """Medians in milliseconds of the same requests to both, a fifth of them at a time in turn."""
    with ExitStack() as stack:
        servers = [stack.enter_context(each()) for each in make]
        for server in servers:
            progress(f"filling {server.name} with {len(films)} studies")
            load.stow(server, films, 2)
            all_are_there(server, len(films))
        for kinds, requests, limits in (
            (load.SINGLE, options.requests, {"": 0.5}),
            (load.LISTS, max(options.requests // 4, 5), {"": 0.1}),
            (load.FETCHES, options.requests, {"": 1.0, "rendered, PNG": 0.3}),
        ):
            for kind in kinds:
                ask(servers, kind, requests, films, limits.get(kind[0], limits[""]))


def ask(servers, kind, requests, films, most):
    seconds, sizes = ([], []), [0, 0]
    chosen = random.Random(kind[0]).choices(films, k=requests)
    for server in servers:
        # Two that do not count, so that neither begins cold.
        load.timed(server, kind, chosen[:2])
    rounds, spent = 5, [0, 0]
    for run in range(rounds):
        for which in in_turn(run):
            # A round's median, so that the range is one of rounds.
            begun = cpu.spent(servers[which].processes())
            took, sizes[which] = load.timed(servers[which], kind, chosen[run::rounds])
            seconds[which].append(statistics.median(took) * 1000)
            spent[which] += (cpu.spent(servers[which].processes()) - begun) / requests
    note(kind[0], "ms", None, *seconds, spent, most=most)
    progress(f"    answers of {sizes[0]} and {sizes[1]} bytes")


def machine():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores ({model}), load {os.getloadavg()[0]:.1f} at the beginning"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--films", type=int, default=500, help="studies in the stores that are read")
    parser.add_argument("--store", type=int, default=200, help="films of each run of storing")
    parser.add_argument("--runs", type=int, default=3, help="runs of storing, of each server")
    parser.add_argument("--requests", type=int, default=100, help="requests of each kind; a quarter of it for lists")
    parser.add_argument("--workers", type=int, default=0, help="workers of the portal: 0 queues the analyses and leaves them")
    options = parser.parse_args()
    if missing():
        raise SystemExit(f"bench-peer needs {missing()}")
    started = machine()
    folder = Path(tempfile.mkdtemp(prefix="bench-peer-"))
    folder.chmod(0o755)
    try:
        count = max(options.films, options.store + WARMING)
        progress(f"drawing {count} films")
        films = bench_films.draw(folder / "films", count)
        with Cluster(folder / "postgres") as cluster:
            number = iter(range(1000))
            make = (
                lambda: Portal(folder / f"portal-{next(number)}", options.workers),
                lambda: Peer(folder / f"orthanc-{next(number)}", cluster),
            )
            storing(options, films, make)
            reading(options, films[: options.films], make)
            postgres = cluster.version()
    finally:
        shutil.rmtree(folder)
    table(options, started, postgres)
    sys.exit(1 if any("no" in row[-2] for row in rows) else 0)


def table(options, started, postgres):
    orthanc = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout.split()[1]
    print(
        f"{started}; Orthanc {orthanc} with a PostgreSQL {postgres} index, files on disk and synced; the portal with "
        f"{options.workers} workers; {options.store} films a run of storing, {options.runs} runs each in turn; "
        f"{options.films} studies read, {options.requests} requests of each kind (lists: {max(options.requests // 4, 5)}). "
        "Medians, in brackets least and most of the runs; processor time of all processes of a server for one film or request.\n"
    )
    print("| what | portal | Orthanc | limit | ratio | holds | CPU ms, portal and Orthanc |\n|---|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


main()
