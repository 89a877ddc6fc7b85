"""The upload, against an FTPS server on this machine."""

import datetime
import ipaddress
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import click
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ctc_submit.cli.main import main
from ctc_submit.errors import DataError, ToolError
from ctc_submit.pack.archive import MANIFEST, manifest
from ctc_submit.pack.settings import Server
from ctc_submit.pack.upload import plan_upload, upload

servers = pytest.importorskip("pyftpdlib.servers")
handlers = pytest.importorskip("pyftpdlib.handlers")
authorizers = pytest.importorskip("pyftpdlib.authorizers")

USER, PASSWORD = "team", "s3cret-word"
FILES = {
    "SW/TEAM.zip": b"software" * 10_000,
    "DIC-C2DH-HeLa/01_RES/mask000.tif": b"mask",
    "Fluo-N3DL-DRO/CSB/01_RES/mask000.tif": b"mask of all cells",
}


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    folder = tmp_path / "submission"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(content)
    (folder / MANIFEST).write_bytes(manifest(FILES))
    return folder


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Site:
    """A running server: its settings, what it stores, and every command that it was sent."""

    def __init__(self, settings: Server, store: Path, commands: list[str]) -> None:
        self.settings, self.store, self.commands = settings, store, commands
        self.failing = 0
        self.answers: dict[str, str] = {}
        self.abrupt = False
        self.home = ""
        self.replies = "utf-8"


@pytest.fixture
def site(tmp_path: Path, certificate: Path) -> Iterator[Site]:
    store = tmp_path / "server"
    store.mkdir()
    commands: list[str] = []

    class DataHandler(handlers.TLS_DTPHandler):  # type: ignore[name-defined, misc]
        def _do_ssl_shutdown(self) -> None:
            if running.abrupt:
                handlers.DTPHandler.close(self)
            else:
                super()._do_ssl_shutdown()

    class Handler(handlers.TLS_FTPHandler):  # type: ignore[name-defined, misc]
        dtp_handler = DataHandler
        authorizer = authorizers.DummyAuthorizer()
        certfile = str(certificate)
        tls_control_required = True
        tls_data_required = True
        auth_failed_timeout = 0.1
        banner = "Université: prêt"

        def push(self, data: str) -> None:
            super(handlers.FTPHandler, self).push(data.encode(running.replies))

        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            commands.append(cmd)
            if cmd == "STOR" and running.failing:
                running.failing -= 1
                self.close()
                return
            if cmd in running.answers:
                self.respond(running.answers[cmd])
                return
            if cmd == "PWD" and running.home:
                self.fs.cwd = running.home
            super().pre_process_command(line, cmd, arg)

    Handler.authorizer.add_user(USER, PASSWORD, str(store), perm="elradfmwM", msg_login="Entrée")
    server = servers.FTPServer(("127.0.0.1", 0), Handler)
    port = server.socket.getsockname()[1]
    running = Site(Server(host="127.0.0.1", port=port, ca=certificate, timeout=10), store, commands)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"timeout": 0.02, "handle_exit": False}, daemon=True
    )
    logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as first:
            assert first.recv(3)  # a greeting: the loop runs, so it may be closed
        yield running
    finally:
        server.close_all()
        thread.join(5)


def stored(store: Path) -> dict[str, bytes]:
    files = (path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in files}


def send(packed: Path, server: Server, password: str = PASSWORD) -> list[bool]:
    there: list[bool] = []
    transfers = plan_upload(packed, server.root)
    upload(transfers, server, USER, password, lambda _, was_there: there.append(was_there))
    return there


def test_the_plan_is_the_servers_layout_with_the_software_last(packed: Path) -> None:
    plan = plan_upload(packed)
    assert [str(transfer.remote) for transfer in plan] == [
        "/DIC-C2DH-HeLa/01_RES/mask000.tif",
        "/Fluo-N3DL-DRO/CSB/01_RES/mask000.tif",
        "/SW/TEAM.zip",
    ]
    assert [transfer.size for transfer in plan] == [4, 17, 80_000]
    assert plan_upload(packed, "/team")[-1].remote == PurePosixPath("/team/SW/TEAM.zip")


def test_a_folder_that_was_altered_is_refused(packed: Path) -> None:
    (packed / "SW" / "TEAM.zip").write_bytes(b"other")
    with pytest.raises(DataError, match="another checksum"):
        plan_upload(packed)
    (packed / MANIFEST).unlink()
    with pytest.raises(DataError, match="holds no MANIFEST"):
        plan_upload(packed)


def test_every_file_arrives(packed: Path, site: Site) -> None:
    assert send(packed, site.settings) == [False] * 3
    assert stored(site.store) == FILES
    assert site.commands.index("AUTH") < site.commands.index("PASS")
    assert site.commands.index("PROT") < site.commands.index("STOR")


def test_replies_in_another_encoding_are_read(packed: Path, site: Site) -> None:
    site.replies = "latin-1"
    assert send(packed, Server(**{**vars(site.settings), "root": "/équipe"})) == [False] * 3
    assert set(stored(site.store)) == {f"équipe/{name}" for name in FILES}


def test_a_folder_on_the_server_can_be_named(packed: Path, site: Site) -> None:
    server = Server(**{**vars(site.settings), "root": "/team/2026"})
    send(packed, server)
    assert set(stored(site.store)) == {f"team/2026/{name}" for name in FILES}


def test_an_upload_can_be_gone_on_with(packed: Path, site: Site) -> None:
    send(packed, site.settings)
    (site.store / "SW" / "TEAM.zip").write_bytes(b"half")
    again = Server(**{**vars(site.settings), "skip_present": True})
    assert send(packed, again) == [True, True, False]
    assert stored(site.store) == FILES


def test_a_broken_connection_is_tried_again(packed: Path, site: Site) -> None:
    site.failing = 2
    assert send(packed, site.settings) == [False] * 3
    assert stored(site.store) == FILES


def test_it_gives_up_after_some_attempts(packed: Path, site: Site) -> None:
    site.failing = 99
    with pytest.raises(ToolError, match=r"mask000\.tif: failed 3 times .* --skip-present"):
        send(packed, site.settings)


def test_a_server_that_ends_data_connections_abruptly(packed: Path, site: Site) -> None:
    site.abrupt = True
    assert send(packed, Server(**{**vars(site.settings), "attempts": 1})) == [False] * 3
    assert stored(site.store) == FILES


@pytest.mark.parametrize("command", ["PBSZ", "TYPE", "MKD"])
def test_a_reply_that_makes_no_sense_is_one_line(packed: Path, site: Site, command: str) -> None:
    site.answers = {command: "350 and then?"}
    with pytest.raises(ToolError, match=r"mask000\.tif: refused \(350 and then\?\)"):
        send(packed, site.settings)


@pytest.mark.parametrize("size", ["502 not here", "213 12 bytes", "213 many", "200 4"])
def test_a_server_that_does_not_tell_sizes_is_remarked_on_once(
    packed: Path, site: Site, size: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.answers = {"SIZE": size, "PWD": "502 not here"}
    assert send(packed, site.settings) == [False] * 3
    assert stored(site.store) == FILES
    assert [record.message for record in caplog.records] == [
        "127.0.0.1: does not tell sizes, so none are compared"
    ]


def test_a_relative_root_lies_where_the_server_lets_one_in(packed: Path, site: Site) -> None:
    (site.store / "inner" / "team" / "SW").mkdir(parents=True)
    site.home = "/inner"
    send(packed, Server(**{**vars(site.settings), "root": "team"}))
    assert set(stored(site.store)) == {f"inner/team/{name}" for name in FILES}


@pytest.mark.parametrize(
    ("setting", "value"), [("root", "a\nb"), ("host", "a" * 70), ("host", ".here")]
)
def test_names_that_cannot_be_sent_are_told(
    packed: Path, site: Site, setting: str, value: str
) -> None:
    server = Server(**{**vars(site.settings), setting: value})
    with pytest.raises(ToolError, match=r"cannot be sent .* look for line ends"):
        send(packed, server)


@pytest.mark.parametrize("odd", ["wr0ng\n", "wr\r0ng", "wr\udcff0ng"])
def test_a_password_that_cannot_be_sent_is_told_without_saying_it(
    packed: Path, site: Site, odd: str
) -> None:
    with pytest.raises(ToolError, match="cannot be sent") as refused:
        send(packed, site.settings, odd)
    assert "wr" not in str(refused.value)
    assert "PASS" not in site.commands


def test_a_file_that_went_away_is_not_the_servers_fault(packed: Path, site: Site) -> None:
    plan = plan_upload(packed)
    plan[0].local.unlink()
    with pytest.raises(DataError, match=r"mask000\.tif: cannot be read"):
        upload(plan, site.settings, USER, PASSWORD, lambda *_: None)


def test_after_a_failure_nobody_waits_for_a_silent_server(
    packed: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    quits: list[None] = []
    monkeypatch.setattr("ftplib.FTP.quit", lambda _: quits.append(None))
    site.failing = 99
    with pytest.raises(ToolError):
        send(packed, site.settings)
    assert not quits
    site.failing = 0
    send(packed, site.settings)
    assert len(quits) == 1


def test_a_wrong_password_is_said_without_saying_it(packed: Path, site: Site) -> None:
    with pytest.raises(ToolError, match="refused") as refused:
        send(packed, site.settings, "wr0ng-word")
    assert "wr0ng-word" not in str(refused.value)


def test_a_server_that_cannot_be_trusted_is_refused(packed: Path, site: Site) -> None:
    strict = Server(**{**vars(site.settings), "ca": None})
    with pytest.raises(ToolError, match="certificate is not trusted"):
        send(packed, strict)
    assert "PASS" not in site.commands


def test_a_server_without_tls_gets_no_password(packed: Path, tmp_path: Path) -> None:
    commands: list[str] = []

    class Plain(handlers.FTPHandler):  # type: ignore[name-defined, misc]
        authorizer = authorizers.DummyAuthorizer()

        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            commands.append(cmd)
            super().pre_process_command(line, cmd, arg)

    server = servers.FTPServer(("127.0.0.1", 0), Plain)
    port = server.socket.getsockname()[1]
    loop: dict[str, Any] = {"timeout": 0.02, "handle_exit": False}
    thread = threading.Thread(target=server.serve_forever, kwargs=loop, daemon=True)
    thread.start()
    try:
        with pytest.raises(ToolError, match="refused"):
            send(packed, Server(host="127.0.0.1", port=port, timeout=5))
    finally:
        server.close_all()
        thread.join(5)
    assert "PASS" not in commands


def test_a_server_that_is_not_there_is_named(packed: Path) -> None:
    server = Server(host="127.0.0.1", port=9, timeout=2, attempts=1)
    with pytest.raises(ToolError, match=r"127\.0\.0\.1:9/DIC.*failed 1 times"):
        send(packed, server)


def test_a_certificate_file_that_is_none_is_refused(packed: Path) -> None:
    server = Server(host="127.0.0.1", ca=packed / MANIFEST)
    with pytest.raises(DataError, match="cannot be read as certificates"):
        send(packed, server)


def test_dry_run_needs_neither_server_nor_password(packed: Path) -> None:
    done = CliRunner().invoke(main, ["upload", str(packed), "--dry-run"])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[2] == f"{packed}/SW/TEAM.zip -> /SW/TEAM.zip (80000 bytes)"
    assert lines[-1] == ("3 files, 0.1 MB, by FTP over explicit TLS to (no --host yet), port 21")


def test_command_takes_the_password_from_the_environment_and_never_shows_it(
    packed: Path, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = ["upload", str(packed), "--port", str(site.settings.port)]
    environment = {
        "CTC_FTP_HOST": "127.0.0.1",
        "CTC_FTP_USER": USER,
        "CTC_FTP_PASSWORD": PASSWORD,
    }
    with caplog.at_level(logging.DEBUG):
        done = CliRunner().invoke(
            main, [*arguments, "--ca", str(site.settings.ca)], env=environment
        )
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "3 files uploaded, 0 were there already"
    assert PASSWORD not in done.output + caplog.text
    assert stored(site.store) == FILES


def test_command_asks_for_what_it_is_not_given(packed: Path, site: Site) -> None:
    arguments = ["upload", str(packed), "--host", "127.0.0.1", "--port", str(site.settings.port)]
    done = CliRunner().invoke(
        main, [*arguments, "--ca", str(site.settings.ca)], input=f"{USER}\n{PASSWORD}\n"
    )
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert CliRunner().invoke(main, ["upload", str(packed)]).exit_code == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [("--attempts", "0"), ("--timeout", "0"), ("--timeout", "1e300"), ("--port", "70000")],
)
def test_command_refuses_numbers_that_make_no_sense(packed: Path, option: str, value: str) -> None:
    done = CliRunner().invoke(main, ["upload", str(packed), "--host", "x", option, value])
    assert done.exit_code == 2
    assert f"Invalid value for '{option}'" in done.output


def test_command_says_how_to_go_without_being_asked(packed: Path) -> None:
    done = CliRunner().invoke(main, ["upload", str(packed), "--host", "127.0.0.1"], input="")
    assert done.exit_code == 1
    assert "ctc-submit: user: nobody answers; set CTC_FTP_USER" in done.stderr


def test_command_that_is_stopped_at_a_question_leaves_as_stopped(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> str:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise click.Abort from None  # as click does

    monkeypatch.setattr("click.prompt", interrupted)
    done = CliRunner().invoke(main, ["upload", str(packed), "--host", "127.0.0.1"])
    assert done.exit_code == 130
    assert "ctc-submit: stopped" in done.stderr
