"""What is measured. Each workload runs once against one path and returns its figure and how much work that was."""

import os
import pty
import re
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import Callable

from paths import postgres_program

ROWS = 1_000_000
SECONDS = 3
MB = 1_000_000


@dataclass
class Workload:
    name: str
    kind: str
    unit: str
    target: str
    run: Callable
    cost_unit: str = ""
    cost_scale: float = 1.0


def prepare(direct):
    """The tables, made straight at the target."""
    sql(direct["pg"], f"DROP TABLE IF EXISTS bench_rows; CREATE TABLE bench_rows AS SELECT i AS id, md5(i::text) AS a, "
                      f"md5((i + 1)::text) AS b, i * 3 AS n FROM generate_series(1, {ROWS}) i; VACUUM ANALYZE bench_rows; "
                      "CREATE UNIQUE INDEX ON bench_rows (id)")


def sql(dsn, text):
    quiet = {**os.environ, "PGOPTIONS": "-c client_min_messages=error"}
    for statement in text.split("; "):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, dsn], check=True, env=quiet)


def pgbench(dsn, script, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [postgres_program("pgbench"), "-n", "-f", file.name, *map(str, options), dsn]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    count = int(re.search(r"actually processed: (\d+)", answer)[1])
    latency = float(re.search(r"latency average = ([\d.]+) ms", answer)[1])
    tps = float(re.search(r"tps = ([\d.]+)", answer)[1])
    return count, latency, tps


POINT = f"\\set id random(1, {ROWS})\nSELECT n FROM bench_rows WHERE id = :id;\n"


def pg_latency(mode):
    def run(dsn):
        count, latency, _ = pgbench(dsn, POINT, "-M", mode, "-T", SECONDS)
        return latency * 1000, count
    return run


def pg_throughput(dsn):
    count, _, tps = pgbench(dsn, POINT, "-M", "prepared", "-c", 16, "-j", 1, "-T", SECONDS)
    return tps, count


def pg_connect(dsn):
    count, latency, _ = pgbench(dsn, "SELECT 1;\n", "-C", "-t", 60)
    return latency, count


def pg_select(dsn):
    _, latency, _ = pgbench(dsn, "SELECT * FROM bench_rows;\n", "-t", 1)
    megabytes = ROWS * 100 / MB
    return megabytes / (latency / 1000), megabytes


def pg_copy(dsn):
    began = time.monotonic()
    command = ["psql", "-X", "-c", "COPY bench_rows TO STDOUT", dsn]
    total = swallow(command)
    return total / MB / (time.monotonic() - began), total / MB


def swallow(command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    total = 0
    while piece := process.stdout.read(1 << 20):
        total += len(piece)
    if process.wait():
        raise SystemExit(f"failed: {command}")
    return total


def ssh(path, *more):
    options, port, place = path
    return ["ssh", *options, *more, "-p", str(port), place]


def ssh_bulk(path):
    began = time.monotonic()
    total = swallow([*ssh(path), "yes 'a line of output that is as long as lines of output often are, seventy-nine..' | head -c 192000000"])
    return total / MB / (time.monotonic() - began), total / MB


def ssh_connect(path):
    times = []
    for _ in range(8):
        began = time.monotonic()
        subprocess.run([*ssh(path), "true"], check=True)
        times.append(time.monotonic() - began)
    return statistics.median(times) * 1000, len(times)


def ssh_keystroke(path):
    process, terminal = pty.fork()
    if process == 0:
        command = [*ssh(path, "-tt"), "stty raw -echo; echo ready; cat"]
        os.execvp(command[0], command)
    seen = b""
    while b"ready" not in seen:
        seen += os.read(terminal, 4096)
    time.sleep(0.2)
    times = []
    for _ in range(300):
        began = time.perf_counter()
        os.write(terminal, b"k")
        os.read(terminal, 64)
        times.append(time.perf_counter() - began)
    os.close(terminal)
    # Where hangups are ignored (nohup), the end of its terminal does not end it.
    os.kill(process, signal.SIGTERM)
    os.waitpid(process, 0)
    return statistics.median(times) * MB, len(times)


def sftp_upload(path):
    options, port, place = path
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(128 * MB)
        began = time.monotonic()
        subprocess.run(["sftp", "-q", *options, "-P", str(port), "-b", "-", place], check=True, text=True,
                       input=f"put {file.name} bench.bin\nrm bench.bin\n", stdout=subprocess.DEVNULL)
    return 128 / (time.monotonic() - began), 128


def http_requests(parallel):
    def run(path):
        options, base = path
        count = 2000 if parallel == 1 else 4000
        many = ["--no-progress-meter", "-Z", "--parallel-max", str(parallel)] if parallel > 1 else []
        began = time.monotonic()
        subprocess.run(["curl", "-s", "--fail", "--http1.1", *many, *options, "-o", "/dev/null", f"{base}/customers/7?n=[1-{count}]"],
                       check=True)
        return count / (time.monotonic() - began), count
    return run


def http_list(path, parallel=8, count=400):
    """A list of customers as JSON, masked field by field. The work is told in pieces of 100 kB, whatever the demo's list weighs."""
    options, base = path
    command = ["curl", "-s", "--fail", "--http1.1", "--no-progress-meter", "-Z", "--parallel-max", str(parallel), *options,
               "-o", "/dev/null", "-w", "%{size_download}\n", f"{base}/exports/customers?n=[1-{count}]"]
    began = time.monotonic()
    sizes = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return count / (time.monotonic() - began), sum(map(int, sizes)) / 100_000


def http_download(path):
    options, base = path
    command = ["curl", "-s", "--fail", *options, "-o", "/dev/null", "-w", "%{speed_download}", f"{base}/bytes/{400 * MB}"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / MB, 400


def idle_cost(place, servers, first=15, more=75):
    """KiB of both processes for each further PostgreSQL session that does nothing, once some are there."""
    def hold(sessions, seconds):
        thread = threading.Thread(
            target=pgbench, args=(place["pg"], f"\\sleep {seconds} s\n", "-c", sessions, "-j", 1, "-t", 1))
        thread.start()
        return thread
    held = [hold(first, 24)]
    time.sleep(5)
    before = servers.memory_kib()
    held.append(hold(more, 10))
    time.sleep(14)
    after = servers.memory_kib()
    for thread in held:
        thread.join()
    return (after - before) / more


ALL = [
    Workload("PG one row, simple", "pg", "us", "<= 2.4", pg_latency("simple"), "us/query", 1e6),
    Workload("PG one row, prepared", "pg", "us", "<= 2.4", pg_latency("prepared"), "us/query", 1e6),
    Workload("PG 16 clients, prepared", "pg", "tps", ">= 0.30", pg_throughput, "us/query", 1e6),
    Workload("PG 1M-row SELECT", "pg", "MB/s", ">= 0.40", pg_select, "ms/MB", 1e3),
    Workload("PG COPY out", "pg", "MB/s", ">= 0.50", pg_copy, "ms/MB", 1e3),
    Workload("PG connect", "pg", "ms", "<= 2.0", pg_connect, "ms/connect", 1e3),
    Workload("SSH bulk output", "ssh", "MB/s", ">= 0.45", ssh_bulk, "ms/MB", 1e3),
    Workload("SSH keystroke", "ssh", "us", "<= 3.0", ssh_keystroke, "us/key", 1e6),
    Workload("SSH connect", "ssh", "ms", "<= 1.2", ssh_connect, "ms/connect", 1e3),
    Workload("SSH sftp upload", "ssh", "MB/s", ">= 0.50", sftp_upload, "ms/MB", 1e3),
    Workload("HTTP small JSON, 1 connection", "http", "req/s", ">= 0.35", http_requests(1), "us/request", 1e6),
    Workload("HTTP small JSON, 32 connections", "http", "req/s", ">= 0.25", http_requests(32), "us/request", 1e6),
    Workload("HTTP JSON list, 8 connections", "http", "req/s", ">= 0.10", http_list, "us/100 kB", 1e6),
    Workload("HTTP download", "http", "MB/s", ">= 400", http_download, "ms/MB", 1e3),
]
