#!/usr/bin/env bash
# Runs psycopg's own test suite twice, straight to a PostgreSQL server and through the gateway, and prints what differs.
# Not part of `make test`: it takes minutes and fetches psycopg's sources.
#
# usage: tests/driver_suite.sh [PYTEST ARGUMENT...]     for example: tests/driver_suite.sh tests/test_copy.py
#   PSYCOPG_SOURCE   where to clone psycopg from (a path or URL); its public repository unless set
#   SALLYPORT_BIN    the program; target/debug/sallyport unless set
#   PSYCOPG_REF      which tag or branch of it; the version that the tests use unless set
#   WORK             a folder to work in, kept afterwards; a temporary one unless set
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${SALLYPORT_BIN:-$root/target/debug/sallyport}
work=${WORK:-$(mktemp -d /tmp/driver-suite.XXXXXX)}
base=${PORT_BASE:-7900}
version=$(sed -n 's/^psycopg\[binary\]==//p' "$root/tests/python/requirements.txt")

cleanup() {
  [[ -z ${demo:-} ]] || { kill -INT "$demo" 2>/dev/null && wait "$demo" || true; }
  [[ -n ${WORK:-} ]] || rm -rf "$work"
}
trap cleanup EXIT

mkdir -p "$work"
chmod 755 "$work"
[[ -d $work/psycopg ]] ||
  git clone -q --depth 1 --branch "${PSYCOPG_REF:-$version}" "${PSYCOPG_SOURCE:-https://github.com/psycopg/psycopg}" "$work/psycopg"
if [[ ! -x $work/venv/bin/pytest ]]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q --disable-pip-version-check "psycopg[binary]==$version" psycopg_pool pytest anyio dnspython
fi

"$program" demo --dir "$work/demo" --port-base "$base" >"$work/demo.log" 2>&1 &
demo=$!
for _ in $(seq 600); do
  [[ -s $work/demo/demo.json ]] && grep -q 'Ctrl-C' "$work/demo.log" && break
  kill -0 "$demo" || { cat "$work/demo.log" >&2; exit 1; }
  sleep 0.1
done

field() { "$work/venv/bin/python" -c 'import json,sys; print(eval("m" + sys.argv[2], {"m": json.load(open(sys.argv[1]))}))' "$work/demo/demo.json" "$1"; }

# Suites compare every byte and make what they need: a connection of their own without masking, and policies that hold nothing. It bears
# the database's name, by which the tests of two-phase commits look for their transactions.
export SALLYPORT_URL SALLYPORT_CA SALLYPORT_TICKET
SALLYPORT_URL=$(field '["console_url"]') SALLYPORT_CA=$(field '["ca_file"]') SALLYPORT_TICKET=$(field '["people"]["carol"]["ticket"]')
"$program" export --format json | "$work/venv/bin/python" -c '
import json, sys
one = next(c for c in json.load(sys.stdin)["connections"] if c["name"] == "shop-db")
one["name"], one["masking"], one["settings"]["database"] = "scratch", {"labels": []}, "scratch"
rules = """
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
"""
policies = [{"name": "default", "text": rules}]
print(json.dumps({"connections": [one], "policies": policies}))' | "$program" apply -f -

through="host=127.0.0.1 port=$(field '["connections"]["shop-db"]["port"]') dbname=scratch user=alice \
password=$(field '["people"]["alice"]["ticket"]') sslmode=verify-full sslrootcert=$SALLYPORT_CA"
direct="host=127.0.0.1 port=$(field '["targets"]["shop-db"]["port"]') dbname=scratch \
user=$(field '["targets"]["shop-db"]["user"]') password=$(field '["targets"]["shop-db"]["password"]') sslmode=disable"

cd "$work/psycopg"
for way in direct through; do
  echo "psycopg $version, $way"
  "$work/venv/bin/pytest" -q -m "not slow and not timing" --test-dsn "${!way}" -rfE "${@:-tests}" \
    >"$work/$way.log" 2>&1 || [[ $? == 1 ]] || { tail -n 20 "$work/$way.log" >&2; exit 1; }
  tail -n 1 "$work/$way.log"
  grep -E '^(FAILED|ERROR) ' "$work/$way.log" | sed 's/ - .*//' | sort >"$work/$way.failed" || true
done
echo
echo "fail through the gateway only:"
comm -13 "$work/direct.failed" "$work/through.failed"
echo "fail direct only:"
comm -23 "$work/direct.failed" "$work/through.failed"
