"""Our speed beside a direct connection, with masking and recording on. Python's standard library only.

    python3 bench/run.py --binary target/release/sallyport [--rounds 3] [--only PG] [--json FILE]

Starts `sallyport demo` in a folder of its own and drives pgbench, psql, ssh, sftp and curl through it and straight to the
same targets, in turn, so that noise hits both. Prints medians, the ratio to direct (above 1 is slower for times, below 1 is
slower for rates), and what gateway and agent together cost. pgbouncer and nginx stand beside where they are installed.
Everything is on the loopback interface, bounded, and stopped at the end.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paths
import workloads


def main():
    options = parse()
    folder = Path(tempfile.mkdtemp(prefix="sallyport-bench-"))
    folder.chmod(0o755)
    demo = subprocess.Popen(
        [options.binary, "demo", "--dir", folder / "demo", "--port-base", str(options.port_base)],
        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    peers = []
    try:
        facts = wait_for_demo(demo, folder / "demo/demo.json")
        allow_large_results(options.binary, facts, folder)
        servers = Servers(facts["pids"].values())
        places = paths.places(facts, folder, peers)
        workloads.prepare(places["direct"])
        # First, while both processes are as small as they get.
        idle = workloads.idle_cost(places["sallyport"], servers)
        results = measure(places, servers, options)
        report(results)
        print(f"peak memory of gateway and agent together: {servers.peak_mib():.0f} MiB")
        print(f"per idle session: {idle:.0f} KiB (target <= 64); gateway and agent at their peak: <= 100 MiB")
        if options.decisions:
            policy_cost({name: cost for file in options.decisions for name, cost in json.loads(Path(file).read_text()).items()})
        if options.json:
            Path(options.json).write_text(json.dumps(results, indent=1))
    finally:
        for peer in peers:
            peer.terminate()
            peer.wait()
        demo.send_signal(signal.SIGTERM)
        demo.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default="target/release/sallyport")
    parser.add_argument("--port-base", type=int, default=27700)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    parser.add_argument("--json", help="write the figures here, too")
    parser.add_argument("--decisions", nargs="*", default=[], help="files with what facts and decision cost: {NAME: {\"p50_us\": N, \"p99_us\": N}, ...}")
    return parser.parse_args()


def wait_for_demo(demo, manifest):
    deadline = time.monotonic() + 60
    while not manifest.exists():
        if demo.poll() is not None or time.monotonic() > deadline:
            sys.exit("the demo did not start")
        time.sleep(0.1)
    return json.loads(manifest.read_text())


def allow_large_results(binary, facts, folder):
    """The policy that ships holds exports of more than 100,000 rows; a million are measured here. All else stays."""
    policy = (Path(__file__).parent.parent / "policy/src/default.cedar").read_text()
    larger = policy.replace("context.rows > 100000 ", "context.rows > 1000000000 ")
    assert larger != policy, "the default policy has another limit now"
    file = folder / "policy.json"
    file.write_text(json.dumps({"policies": [{"name": "default", "text": larger}]}))
    subprocess.run([binary, "apply", "-f", file], check=True, stdout=subprocess.DEVNULL, env={
        **os.environ, "SALLYPORT_URL": facts["console_url"], "SALLYPORT_CA": facts["ca_file"],
        "SALLYPORT_TICKET": facts["people"]["carol"]["ticket"]})


class Servers:
    """The gateway's and the agent's cost, from /proc."""

    def __init__(self, pids):
        self.pids = list(pids)

    def cpu_seconds(self):
        ticks = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_kib(self, field="VmRSS"):
        total = 0
        for pid in self.pids:
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(field + ":"):
                    total += int(line.split()[1])
        return total

    def peak_mib(self):
        return self.memory_kib("VmHWM") / 1024


def measure(places, servers, options):
    results = {}
    for workload in workloads.ALL:
        if options.only not in workload.name:
            continue
        figures = {name: [] for name, place in places.items() if workload.kind in place}
        costs = []
        for _ in range(options.rounds):
            for name in figures:
                before = servers.cpu_seconds()
                value, work = workload.run(places[name][workload.kind])
                if name == "sallyport":
                    costs.append((servers.cpu_seconds() - before) / work)
                figures[name].append(value)
            print(".", end="", file=sys.stderr, flush=True)
        results[workload.name] = {
            "unit": workload.unit,
            "target": workload.target,
            "median": {name: statistics.median(values) for name, values in figures.items()},
            "ratio": {name: statistics.median(value / base for value, base in zip(values, figures["direct"]))
                      for name, values in figures.items()},
            "cost": statistics.median(costs) * workload.cost_scale, "cost_unit": workload.cost_unit,
        }
    print(file=sys.stderr)
    return results


def report(results):
    print(f"{'workload':34} {'unit':7} {'direct':>10} {'sallyport':>10} {'ratio':>7}  {'target':9} {'our CPU':>16}  others")
    for name, row in results.items():
        others = "  ".join(f"{peer} {row['ratio'][peer]:.2f}" for peer in row["median"] if peer not in ("direct", "sallyport"))
        cost = f"{row['cost']:.1f} {row['cost_unit']}" if row["cost_unit"] else ""
        print(f"{name:34} {row['unit']:7} {row['median']['direct']:10.2f} {row['median']['sallyport']:10.2f} "
              f"{row['ratio']['sallyport']:7.2f}  {row['target']:9} {cost:>16}  {others}")


def policy_cost(decisions):
    """What a request's facts and the decision about it cost, measured by whoever wrote the files, without a network."""
    print(f"\n{'facts and decision':48} {'p50 us':>10} {'p99 us':>10}")
    for name, cost in decisions.items():
        print(f"{name:48} {cost['p50_us']:10.1f} {cost['p99_us']:10.1f}")


if __name__ == "__main__":
    main()
