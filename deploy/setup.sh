#!/usr/bin/env bash
# Installs what is missing for one of: build, demo, test, bench. Says nothing and takes no time when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:$HOME/.cargo/bin:/usr/sbin:/sbin"
purpose=${1:-demo}
missing=()

have() { command -v "$1" >/dev/null 2>&1; }
need() { have "$1" || missing+=("$2"); }
found() { compgen -G "$1" >/dev/null; }

need cc build-essential
need git git
need curl curl
# PostgreSQL's own parser is bound with libclang (libclang.so, libclang-14.so.1; libclang-cpp.so is something else).
libclang() { found "$1/libclang.so*" || found "$1/libclang-[0-9]*.so*"; }
libclang '/usr/lib/llvm-*/lib' || libclang '/usr/lib/*' || missing+=(libclang-dev)
if [[ $purpose != build ]]; then
  have initdb || found '/usr/lib/postgresql/*/bin/initdb' || missing+=(postgresql)
  need psql postgresql-client
  need sshd openssh-server
  need ssh openssh-client
  need setpriv util-linux
fi
if [[ $purpose == test ]]; then
  need rsync rsync
  need openssl openssl
  need xauth xauth
  have ip || found '/usr/sbin/ip' || missing+=(iproute2)
  need node nodejs
  need npm npm
  need python3 python3
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
fi
if [[ $purpose == bench ]]; then need python3 python3; fi

install_packages() {
  local sudo=()
  if [[ $(id -u) != 0 ]]; then
    have sudo || { echo "please install as root: apt-get install ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi
  have apt-get || { echo "please install: ${missing[*]} (Debian's names)" >&2; exit 1; }
  echo "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  # Servers are started privately, on ports of their own: what the packages bring is neither started nor enabled.
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  if have systemctl && [[ -d /run/systemd/system ]]; then
    for service in postgresql:postgresql ssh:openssh-server; do
      [[ " ${missing[*]} " == *" ${service#*:} "* ]] && "${sudo[@]}" systemctl disable --now "${service%:*}" >/dev/null 2>&1 || true
    done
  fi
}
[[ ${#missing[@]} == 0 ]] || install_packages

if ! have cargo; then
  echo "installing Rust for this user (rustup)"
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile default >/dev/null
fi

# Clients that the tests drive, each set kept until its list changes.
python_clients() {
  local venv=tests/python/.venv list=tests/python/requirements.txt
  cmp -s "$list" "$venv/installed.txt" && return
  echo "installing the Python clients"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list"
  cp "$list" "$venv/installed.txt"
}
node_clients() {
  cmp -s tests/node/package-lock.json tests/node/node_modules/installed.json && return
  echo "installing the Node.js clients"
  (cd tests/node && npm ci --silent --no-audit --no-fund)
  cp tests/node/package-lock.json tests/node/node_modules/installed.json
}
if [[ $purpose == test ]]; then
  python_clients
  node_clients
fi
