"""A way to a real PostgreSQL that can be shut: what a restart of the server looks like."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Door:
    """The way to a PostgreSQL: a port of 127.0.0.1 that can be shut and opened again."""

    def __init__(self, unix_socket: str) -> None:
        self.port = 0
        self._unix_socket = unix_socket
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.open()

    def open(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._start(self._let_in, listener)

    def shut(self) -> None:
        """Refuse who comes, and throw out who is in."""
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()
        self._sockets.clear()
        self._threads.clear()

    def _start(self, work: Callable[..., None], *sockets: socket.socket) -> None:
        self._sockets += sockets
        thread = threading.Thread(target=work, args=sockets, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _let_in(self, listener: socket.socket) -> None:
        with listener, suppress(OSError):  # the door was shut
            while True:
                outer, _ = listener.accept()
                inner = socket.socket(socket.AF_UNIX)
                inner.connect(self._unix_socket)
                self._start(_carry, outer, inner)
                self._start(_carry, inner, outer)


def _carry(one: socket.socket, other: socket.socket) -> None:
    with one, suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
