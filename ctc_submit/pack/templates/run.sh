#!/usr/bin/env bash
# @{name}.sh: Cell Tracking Challenge, data set @{dataset}, sequence @{sequence}.
# Runs without arguments, from any folder and without network; exit code 0 when all is written.
#
#   input   @{dots}/@{dataset}/@{sequence}       raw frames t000.tif, t001.tif, ...
#   output  @{dots}/@{dataset}/@{result}   mask000.tif, mask001.tif, ...; an earlier result is replaced
#   model   @{model}
#
# Prerequisites: 64-bit GNU/Linux or macOS, bash, Python 3.11 or newer, 4 GB of memory, and the
# packages that are installed once by: @{setup}
# A GPU with CUDA is used when there is one. The paths are relative to this script; the environment
# variable CTC_DATA names another folder that holds @{dataset}.
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
data=${CTC_DATA:-$(dirname -- "$self")/@{dots}}
data=$(cd -- "$data" 2>/dev/null && pwd) || fail "CTC_DATA=${CTC_DATA:-@{dots}}: no such folder"
cd -- "$(dirname -- "$self")@{up}"

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

export HF_HUB_OFFLINE=1
exec "$@" run "$data/@{dataset}/@{sequence}" "$data/@{dataset}/@{result}" --model @{model_quoted}@{options}
