#!/usr/bin/env bash
# ctc-submit: starts the package in this folder with the Python of .venv, or the one on PATH.
set -euo pipefail
unset CDPATH
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
python=$here/.venv/bin/python
[ -x "$python" ] || python=python3
export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}" PYTHONDONTWRITEBYTECODE=1
exec "$python" -c 'from ctc_submit.cli.main import main; main(prog_name="ctc-submit")' "$@"
