#!/usr/bin/env bash
# @{name}.sh: Cell Tracking Challenge, trains the model of configuration @{configuration}.
# Runs without arguments, from any folder.
#
#   input   @{datasets}
#           the training sequences 01 and 02 of each, with their truth (@{truth})
#   output  @{model}
#
# Prerequisites: 64-bit GNU/Linux or macOS, bash, Python 3.11 or newer, a GPU with CUDA (without
# one it takes days), and the packages that are installed once by: @{setup}
# The paths are relative to this script; the environment variable CTC_DATA names another folder
# that holds the data sets.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@" # where sh is another shell
set -euo pipefail
unset CDPATH

fail() {
  echo "@{name}.sh: $1" >&2
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
setup=@{setup_quoted}
[ $# -gt 0 ] || fail "the command ctc-submit is missing; install it once: $setup"

exec "$@" train @{arguments} --truth @{truth} --out @{model_quoted}
