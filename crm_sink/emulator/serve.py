"""Runs a local org on 127.0.0.1: in a thread for tests, or as a process of its own.

`python -m crm_sink.emulator.serve --folder F` writes `F/state.json` with url, pid and credentials
when the org answers, and takes the file away when it stops.

Not imitated: any other address than loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from crm_sink.emulator import certificates, profile
from crm_sink.emulator.app import create_app
from crm_sink.emulator.far import Far
from crm_sink.emulator.faults.wrapper import Faulty
from crm_sink.emulator.login.credentials import public_part
from crm_sink.emulator.org import Org
from crm_sink.emulator.settings import OrgSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crm_sink.emulator.certificates import Tls
    from crm_sink.emulator.clock import Clock

HOST = "127.0.0.1"
STATE_FILE = "state.json"
STOP_SECONDS = 5  # for the answers that are under way


class PortInUse(Exception):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} of {HOST} is in use by another program; choose another, or 0 for any"
        )
        self.port = port


@dataclass(frozen=True, slots=True)
class Running:
    """A local org that answers."""

    url: str
    org: Org
    tls: Tls | None = None

    @property
    def client_id(self) -> str:
        """The registered client's consumer key."""
        return self.org.credentials.client_id

    @property
    def client_secret(self) -> str:
        """The registered client's secret."""
        return self.org.credentials.client_secret

    def token(self) -> str:
        """Give a fresh access token, without a call."""
        return self.org.sessions.issue()


@contextmanager
def running(
    folder: Path,
    port: int = 0,
    *,
    clock: Clock | None = None,
    tls: Tls | None = None,
    settings: OrgSettings | None = None,
) -> Iterator[Running]:
    """Run the org of a folder in a thread until the block ends.

    Raises:
        PortInUse: Another program listens on the port.
    """
    listener = _listen(port)
    try:
        org = Org.open(folder, clock=clock, settings=settings)
    except BaseException:
        listener.close()
        raise
    server = _Server(_config(org, tls))
    thread = threading.Thread(target=server.run, args=([listener],), name="org", daemon=True)
    org.start()
    thread.start()
    server.answering.wait()
    scheme = "https" if tls else "http"
    try:
        yield Running(f"{scheme}://{HOST}:{listener.getsockname()[1]}", org, tls)
    finally:
        server.stop()
        thread.join()
        listener.close()
        org.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run an org until the process is told to stop."""
    parser = argparse.ArgumentParser(prog="crm_sink.emulator.serve", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--access-token", action="append", default=[])
    profile.add_options(parser)
    given = parser.parse_args(argv)
    chosen = profile.profile_of(given.folder, vars(given))
    known = {key: value for key, value in chosen.items() if key != "tls"}
    settings = OrgSettings(**known, access_tokens=tuple(given.access_token))
    tls = certificates.load_or_make(given.folder) if chosen.get("tls") else None
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with running(given.folder, given.port, tls=tls, settings=settings) as org:
            profile.save(given.folder, chosen)
            write_state(given.folder, org)
            stop.wait()
    except PortInUse as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        (given.folder / STATE_FILE).unlink(missing_ok=True)
    return 0


def write_state(folder: Path, org: Running) -> None:
    """Tell other processes where the org is, in a file that only its owner can read."""
    state = {"url": org.url, "pid": os.getpid(), **public_part(org.org.credentials)}
    if org.tls:
        state |= {"ca_file": str(org.tls.authority), "ca_bundle": str(org.tls.bundle)}
    path = folder / STATE_FILE
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(state, file, indent=2)
    part.replace(path)


class _Server(uvicorn.Server):
    """A server that says when it answers, and leaves signals to its process.

    It stops when the last answer is sent: uvicorn's own looks ten times a second whether it shall,
    and then waits a tenth of a second more.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answering = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def stop(self) -> None:
        """Tell it to stop, from another thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.answering.set()

    async def main_loop(self) -> None:
        while not self._told.is_set():
            await self.on_tick(0)  # sets the clock of the Date header
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        until = time.monotonic() + STOP_SECONDS
        while self.server_state.connections or self.server_state.tasks:
            if time.monotonic() > until:
                return  # what still runs is cancelled with the loop
            await asyncio.sleep(0.002)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(org: Org, tls: Tls | None) -> uvicorn.Config:
    return uvicorn.Config(
        Far(Faulty(create_app(org), org), org),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        # URI and headers of up to 32 KB must reach the gate, which answers 414 or 431.
        h11_max_incomplete_event_size=128 * 1024,
        # Clients keep their connections while they think: at the default of 5 seconds one that is
        # just being closed is met again and again.
        timeout_keep_alive=120,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )


def _listen(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where it sees TCP: without, each answer on a
    # connection that is kept waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise PortInUse(port) from None
    listener.listen(128)
    return listener


if __name__ == "__main__":
    sys.exit(main())
