"""``ctc-submit upload``: hands a packed submission in."""

import os
from dataclasses import replace
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.errors import CtcError
from ctc_submit.pack.settings import Server

HOST, USER, PASSWORD = "CTC_FTP_HOST", "CTC_FTP_USER", "CTC_FTP_PASSWORD"


@click.command()
@errors_to_exit_codes
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would go where.")
@options_from(Server, "server")
def command(folder: Path, dry_run: bool, server: Server) -> None:
    """Upload FOLDER, which ctc-submit pack made, to the challenge's FTPS server.

    User and password are asked for, or taken from the environment variables CTC_FTP_USER and
    CTC_FTP_PASSWORD; they are sent over TLS only, and logged nowhere.
    """
    from tqdm import tqdm

    from ctc_submit.pack.upload import Transfer, plan_upload, upload

    server = replace(server, host=server.host or os.environ.get(HOST, ""))
    if not (server.host or dry_run):
        raise click.UsageError(f"name the server with --host or {HOST}")
    transfers = plan_upload(folder, server.root)
    total = sum(transfer.size for transfer in transfers)
    if dry_run:
        for transfer in transfers:
            click.echo(f"{transfer.local} -> {transfer.remote} ({transfer.size} bytes)")
    click.echo(
        f"{len(transfers)} files, {total / 1e6:.1f} MB, by FTP over explicit TLS to "
        f"{server.host or '(no --host yet)'}, port {server.port}"
    )
    if dry_run:
        return
    user, password = _asked("user", USER), _asked("password", PASSWORD, hide=True)
    there: list[bool] = []
    with tqdm(total=total, unit="B", unit_scale=True, disable=None, leave=False) as bar:

        def done(transfer: Transfer, was_there: bool) -> None:
            there.append(was_there)
            bar.update(transfer.size)

        upload(transfers, server, user, password, done)
    click.echo(f"{len(there) - sum(there)} files uploaded, {sum(there)} were there already")


def _asked(what: str, variable: str, *, hide: bool = False) -> str:
    """Return what the environment tells, else what is typed."""
    try:
        return os.environ.get(variable) or str(click.prompt(what, hide_input=hide, err=True))
    except click.Abort as end:
        if isinstance(end.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise CtcError(f"{what}: nobody answers; set {variable}") from None
