#!/usr/bin/env bash
# ctc-submit: starts the package in this folder with the Python of .venv, or the one on PATH.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@" # where sh is another shell
set -euo pipefail
unset CDPATH
self=${BASH_SOURCE[0]}
while [ -L "$self" ]; do
  target=$(readlink -- "$self")
  case $target in
  /*) self=$target ;;
  *) self=$(dirname -- "$self")/$target ;;
  esac
done
here=$(cd -- "$(dirname -- "$self")" && pwd)
python=$here/.venv/bin/python
[ -x "$python" ] || python=$(command -v python3) || {
  echo "ctc-submit: python3 is missing; install Python and the packages once as README.md says" >&2
  exit 1
}
export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}" PYTHONDONTWRITEBYTECODE=1
exec "$python" "$here/start.py" "$@"
