"""The upload: FTP over explicit TLS, in the layout that the organisers' server has.

The server takes ``/SW/``, ``/DATASET/NN_RES/`` and ``/DATASET/CSB/NN_RES/``, results file by file.
"""

import ftplib
import io
import logging
import re
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ctc_submit.errors import DataError, ToolError
from ctc_submit.pack.archive import MANIFEST, check_manifest
from ctc_submit.pack.settings import Server

logger = logging.getLogger(__name__)

Done = Callable[["Transfer", bool], object]
"""Told of each file that is on the server, and whether it was there before."""

_TRANSIENT = (ftplib.error_temp, ftplib.error_proto, OSError, EOFError)


@dataclass(frozen=True)
class Transfer:
    """One file to upload.

    Attributes:
        local: Where it lies.
        remote: Its path on the server.
        size: Its size in bytes.
    """

    local: Path
    remote: PurePosixPath
    size: int


def plan_upload(folder: Path, root: str = "/") -> list[Transfer]:
    """List what is uploaded of a packed submission: results first, software last.

    Args:
        folder: What ``ctc-submit pack`` made.
        root: Folder on the server.

    Raises:
        DataError: If it is no such folder, or its files are not those that were packed.
    """
    if not (folder / MANIFEST).is_file():
        raise DataError(f"{folder}: holds no {MANIFEST}; expected a folder that pack made")
    check_manifest(folder / MANIFEST)
    files = [p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST]
    transfers = [
        Transfer(
            path,
            PurePosixPath(root) / path.relative_to(folder).as_posix(),
            path.stat().st_size,
        )
        for path in files
    ]
    return sorted(transfers, key=lambda each: ("SW" in each.remote.parts, each.remote))


def upload(
    transfers: Iterable[Transfer], server: Server, user: str, password: str, done: Done
) -> None:
    """Upload files, each checked by its size on the server.

    Args:
        transfers: As `plan_upload` lists them.
        server: Where to.
        user: Name of the registration.
        password: Sent only after TLS is up; in no log and no message.
        done: Told of each file.

    Raises:
        ToolError: If the server cannot be reached or trusted, refuses, a file arrives in another
            size, or a name or the password cannot be sent.
        DataError: If a certificate file or a file to upload cannot be read.
    """
    session = _Session(server, user, password)
    try:
        for transfer in transfers:
            done(transfer, session.put(transfer))
        session.leave()
    finally:
        session.close()


class _Socket(ssl.SSLSocket):
    """A TLS connection of which nobody waits for a proper end.

    Some servers close a data connection without one. That a file is whole is told by the reply
    that follows, and by its size.
    """

    def unwrap(self) -> socket.socket:
        """End TLS, whatever the other side does."""
        with suppress(OSError):
            return super().unwrap()
        return self


class _SameSession(ftplib.FTP_TLS):
    """FTP over TLS whose data connections continue the control connection's TLS session.

    Many servers refuse data connections that do not. Replies need not be UTF-8, as commands are: a
    greeting is often in the server's own encoding.
    """

    def getline(self) -> str:
        """Read a line of a reply."""
        file = self.file
        if isinstance(file, io.TextIOWrapper) and file.errors == "strict":  # its first line
            file.reconfigure(errors="replace")
        return super().getline()

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        """Open a data connection."""
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if getattr(self, "_prot_p", False) and isinstance(self.sock, ssl.SSLSocket):
            connection = self.context.wrap_socket(
                connection, server_hostname=self.host, session=self.sock.session
            )
        return connection, size


class _Session:
    """A connection that is opened when needed, and again after it broke."""

    def __init__(self, server: Server, user: str, password: str) -> None:
        self._server, self._user, self._password = server, user, password
        self._context = _context(server.ca)
        self._connection: _SameSession | None = None
        self._home = "/"
        self._made: set[PurePosixPath] = set()
        self._tells_sizes = True

    def put(self, transfer: Transfer) -> bool:
        """Upload one file; returns whether it was there already."""
        for attempt in range(1, self._server.attempts + 1):
            try:
                return self._put(transfer)
            except ssl.SSLCertVerificationError as error:
                raise ToolError(
                    f"{self._server.host}: its certificate is not trusted "
                    f"({error.verify_message}); name its authority with --ca"
                ) from None
            except (ftplib.error_perm, ftplib.error_reply) as error:
                raise ToolError(f"{self._where(transfer)}: refused ({self._hide(error)})") from None
            except ValueError as error:
                raise ToolError(
                    f"{self._where(transfer)}: cannot be sent ({self._hide(error)}); look for "
                    "line ends and odd characters in host, --root, user and password"
                ) from None
            except _TRANSIENT as error:
                self.close()
                logger.warning("%s: attempt %d failed", self._where(transfer), attempt)
                last = self._hide(error)
        raise ToolError(
            f"{self._where(transfer)}: failed {self._server.attempts} times ({last}); "
            "go on later with --skip-present"
        )

    def leave(self) -> None:
        """Take leave of the server, if it still listens."""
        if self._connection is not None:
            with suppress(*_TRANSIENT, ftplib.Error):
                self._connection.quit()
        self.close()

    def close(self) -> None:
        """Hang up, without waiting for an answer."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _put(self, transfer: Transfer) -> bool:
        with _readable(transfer.local) as source:
            return self._send(source, transfer)

    def _send(self, source: BinaryIO, transfer: Transfer) -> bool:
        connection = self._connected()
        remote = str(transfer.remote)
        if self._server.skip_present and self._size(connection, remote) == transfer.size:
            return True
        self._make_folders(connection, transfer.remote.parent)
        connection.storbinary(f"STOR {remote}", source)
        arrived = self._size(connection, remote)
        if arrived is None and self._tells_sizes:
            self._tells_sizes = False
            logger.warning("%s: does not tell sizes, so none are compared", self._server.host)
        if arrived not in {None, transfer.size}:
            raise ftplib.error_temp(f"{arrived} of {transfer.size} bytes arrived")
        return False

    def _connected(self) -> _SameSession:
        if self._connection is None:
            connection = _SameSession(context=self._context, timeout=self._server.timeout)
            try:
                connection.connect(self._server.host, self._server.port)
                connection.login(self._user, self._password)  # asks for TLS first
                connection.prot_p()
                connection.voidcmd("TYPE I")
                with suppress(ftplib.error_perm):
                    self._home = connection.pwd() or "/"
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _make_folders(self, connection: ftplib.FTP, folder: PurePosixPath) -> None:
        for each in (*reversed(folder.parents), folder):
            if each in self._made or each == PurePosixPath("/") or str(each) == ".":
                continue
            try:
                connection.mkd(str(each))
            except ftplib.error_perm:
                connection.cwd(str(each))  # it exists, or this says why not
                connection.cwd(self._home)  # where relative names begin
            self._made.add(each)

    def _size(self, connection: ftplib.FTP, remote: str) -> int | None:
        """Return the size of a file on the server, None if there is none or it does not say."""
        try:
            reply = connection.sendcmd(f"SIZE {remote}")
        except ftplib.error_perm:
            return None
        told = re.fullmatch(r"213 +(\d+)\s*", reply, re.ASCII)
        return int(told[1]) if told else None

    def _where(self, transfer: Transfer) -> str:
        return f"{self._server.host}:{self._server.port}{transfer.remote}"

    def _hide(self, error: BaseException) -> str:
        text = " ".join(str(error).split()) or type(error).__name__
        return text.replace(self._password, "…") if self._password else text


def _readable(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise DataError(f"{ca}: cannot be read as certificates ({error})") from None
    context.sslsocket_class = _Socket
    return context
