"""The ways to a target: direct, through us, and through pgbouncer or nginx where they are installed."""

import glob
import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

SSH = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
       "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]


def places(facts, folder, peers):
    """Path name -> {"pg": libpq string, "ssh": (options, place), "http": curl options and base}. Starts peers."""
    alice, ca = facts["people"]["alice"], facts["ca_file"]
    target, ours = facts["targets"], facts["connections"]
    db = target["shop-db"]
    direct_pg = f"host={db['host']} port={db['port']} dbname=scratch user={db['user']} password={db['password']}"
    found = {
        "direct": {
            "pg": direct_pg + " sslmode=disable",
            "ssh": (SSH + ["-i", target["web-1"]["key"]], target["web-1"]["port"],
                    f"{target['web-1']['user']}@{target['web-1']['host']}"),
            "http": ([], target["shop-api"]["base_url"]),
        },
        "sallyport": {
            "pg": f"host={ours['shop-db']['host']} port={ours['shop-db']['port']} dbname=shop-db/scratch user=alice "
                  f"password={alice['ticket']} sslmode=verify-full sslrootcert={ca}",
            "ssh": (SSH + ["-i", alice["ssh_key"]], ours["web-1"]["port"],
                    f"{ours['web-1']['user']}@{ours['web-1']['host']}"),
            "http": (["--cacert", ca, "-H", f"Authorization: Bearer {alice['ticket']}"], ours["shop-api"]["base_url"]),
        },
        "direct-tls": {"pg": direct_pg + " sslmode=require"},
    }
    port = ours["shop-db"]["port"] + 17
    if program("pgbouncer"):
        found["pgbouncer"] = {"pg": pgbouncer(folder, db, port, peers)}
    if program("nginx"):
        found["nginx"] = {"http": ([], nginx(folder, target["shop-api"]["base_url"], port + 1, peers))}
    return found


def program(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")


def postgres_program(name):
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    if not found:
        raise SystemExit(f"{name} is not installed (Debian package postgresql)")
    return found


def pgbouncer(folder, db, port, peers):
    home = folder / "pgbouncer"
    home.mkdir()
    (home / "users.txt").write_text(f'"{db["user"]}" "{db["password"]}"\n')
    (home / "pgbouncer.ini").write_text(
        f"[databases]\nscratch = host={db['host']} port={db['port']}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {home}/users.txt\n"
        "pool_mode = session\nmax_client_conn = 500\ndefault_pool_size = 150\n")
    account = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        account = {"user": user.pw_uid, "group": user.pw_gid}
        for path in [home, *home.iterdir()]:
            os.chown(path, user.pw_uid, user.pw_gid)
    start(["pgbouncer", home / "pgbouncer.ini"], home, peers, **account)
    return f"host=127.0.0.1 port={port} dbname=scratch user={db['user']} password={db['password']} sslmode=disable"


def nginx(folder, upstream, port, peers):
    home = folder / "nginx"
    home.mkdir()
    lines = [
        f"daemon off; pid {home}/pid; error_log {home}/error.log; worker_processes 1; events {{ }}",
        "http { access_log off;",
        *(f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")),
        f"upstream api {{ server {upstream.split('//')[1]}; keepalive 64; }}",
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://api; proxy_http_version 1.1;",
        "proxy_set_header Connection ''; proxy_buffering off; } } }",
    ]
    (home / "nginx.conf").write_text("\n".join(lines))
    start(["nginx", "-c", home / "nginx.conf", "-e", home / "error.log"], home, peers)
    return f"http://127.0.0.1:{port}"


def start(command, home, peers, **more):
    command[0] = program(command[0])
    log = open(Path(home) / "log", "w")
    peers.append(subprocess.Popen(command, stdout=log, stderr=log, **more))
    time.sleep(0.5)
