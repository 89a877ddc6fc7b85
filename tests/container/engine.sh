#!/usr/bin/env bash
# Sees to it that a container engine answers and has an image to start from, so that the tests in
# this folder run. Prints what to set; everything else goes to stderr:
#
#   eval "$(tests/container/engine.sh)"     # DOCKER_HOST, CTC_TEST_BASE, and CTC_ENGINE_PID to end
#
# Where no engine answers, one is installed (Debian's) and started with a data root of its own; the
# image is made from Debian packages, with no registry. Needs root on Debian for that; where that
# cannot be had it says why, prints nothing, and the tests skip.
set -euo pipefail

work=${CTC_ENGINE_WORK:-/var/tmp/ctc-engine}
image=${CTC_TEST_BASE:-ctc-test-base}
socket=$work/docker.sock

stop() {
  echo "engine.sh: $1; the tests that need an engine will skip" >&2
  exit 0
}

install() {
  [ "$(id -u)" = 0 ] || stop "not root"
  command -v apt-get >/dev/null || stop "no apt-get"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >&2 ||
    stop "cannot install $*"
}

start_engine() {
  command -v dockerd >/dev/null || install docker.io
  mkdir -p "$work"
  export DOCKER_HOST=unix://$socket
  if ! docker version >/dev/null 2>&1; then
    dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" \
      --host "$DOCKER_HOST" --bridge none --iptables=false --ip6tables=false \
      >"$work/log" 2>&1 &
    for _ in $(seq 60); do
      docker version >/dev/null 2>&1 && break
      sleep 1
    done
    docker version >/dev/null 2>&1 || stop "dockerd does not start: $(tail -n 1 "$work/log")"
  fi
  echo "export DOCKER_HOST=$DOCKER_HOST CTC_ENGINE_PID=$(cat "$work/pid")"
}

make_image() {
  command -v debootstrap >/dev/null || install debootstrap
  local root=$work/root suite
  # shellcheck source=/dev/null
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mkdir -p "$work"
  if [ ! -e "$root.complete" ]; then
    rm -rf "$root"
    debootstrap --variant=minbase --include=python3,python3-venv "$suite" "$root" >&2 ||
      stop "debootstrap failed"
    touch "$root.complete"
  fi
  tar -C "$root" -c . | docker import - "$image" >&2
}

if docker version >/dev/null 2>&1; then
  [ -z "${DOCKER_HOST:-}" ] || echo "export DOCKER_HOST=$DOCKER_HOST"
else
  start_engine
fi
docker image inspect "$image" >/dev/null 2>&1 || make_image
echo "export CTC_TEST_BASE=$image"
