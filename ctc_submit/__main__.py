"""``python -m ctc_submit``: the command, for an interpreter whose scripts are not on the path."""

from ctc_submit.cli.main import main

if __name__ == "__main__":
    main(prog_name="ctc-submit")
