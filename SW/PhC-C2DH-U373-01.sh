#!/usr/bin/env bash
# PhC-C2DH-U373-01.sh: Cell Tracking Challenge, data set PhC-C2DH-U373, sequence 01.
# Runs without arguments, from any folder and without network; exit code 0 when all is written.
#
#   input   ../PhC-C2DH-U373/01       raw frames t000.tif, t001.tif, ...
#   output  ../PhC-C2DH-U373/01_RES   mask000.tif, mask001.tif, ...; an earlier result is replaced
#   model   ../models/PhC-C2DH-U373
#
# Prerequisites: 64-bit GNU/Linux or macOS, bash, Python 3.11 or newer, 4 GB of memory, and the
# packages that are installed once by: make install (in the folder above)
# A GPU with CUDA is used when there is one. The paths are relative to this script; the environment
# variable CTC_DATA names another folder that holds PhC-C2DH-U373.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@" # where sh is another shell
set -euo pipefail
unset CDPATH

fail() {
  echo "PhC-C2DH-U373-01.sh: $1" >&2
  exit 1
}

self=${BASH_SOURCE[0]}
while [ -L "$self" ]; do
  target=$(readlink -- "$self")
  case $target in
  /*) self=$target ;;
  *) self=$(dirname -- "$self")/$target ;;
  esac
done
data=${CTC_DATA:-$(dirname -- "$self")/..}
data=$(cd -- "$data" 2>/dev/null && pwd) || fail "CTC_DATA=${CTC_DATA:-..}: no such folder"
cd -- "$(dirname -- "$self")"

set --
for candidate in ./ctc-submit ../.venv/bin/ctc-submit ctc-submit; do
  if command -v "$candidate" >/dev/null 2>&1; then
    set -- "$candidate"
    break
  fi
done
[ -x ./ctc-submit ] || [ ! -f ./ctc-submit ] || set -- bash ./ctc-submit # unpacked without its mode
setup='make install (in the folder above)'
[ $# -gt 0 ] || fail "the command ctc-submit is missing; install it once: $setup"

export HF_HUB_OFFLINE=1
exec "$@" run "$data/PhC-C2DH-U373/01" "$data/PhC-C2DH-U373/01_RES" --model ../models/PhC-C2DH-U373
