# SPDX-License-Identifier: MIT
"""A TCP proxy in front of Postgres that can hang, refuse, or cut what is idle.

It knows nothing of the protocol that passes through it.
"""
import select
import socket
import threading


class TcpProxy:
    """Listens on a port of its own and passes on to `target` (host, port)."""

    def __init__(self, target):
        self.target, self.port, self.connections = target, 0, 0
        self._listener, self._pairs, self._hung, self._ended = None, {}, False, False
        self._lock = threading.RLock()
        self._wake_out, self._wake_in = socket.socketpair()
        self.listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def listen(self):
        with self._lock:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(64)
            self.port = listener.getsockname()[1]
            self._listener = listener
        self._wake()

    def hang(self):
        """Nothing passes any more, on old connections and new ones; nothing is closed either."""
        self._hung = True
        self._wake()

    def refuse(self):
        with self._lock:
            if self._listener:
                self._listener.close()
                self._listener = None
        self.cut()

    def cut(self):
        """Closes every connection there is; returns how many sides that were."""
        with self._lock:
            sockets = list(self._pairs)
            for sock in sockets:
                self._forget(sock)
        self._wake()
        return len(sockets)

    def reset(self):
        self._hung = False
        if self._listener is None:
            self.listen()
        self._wake()

    def close(self):
        self._ended = True
        self.refuse()
        self._thread.join(5)

    def _wake(self):
        self._wake_out.send(b"x")

    def _forget(self, sock):
        other = self._pairs.pop(sock, None)
        sock.close()
        if other is not None:
            self._pairs.pop(other, None)
            other.close()

    def _watched(self):
        with self._lock:
            watched = [self._wake_in] + ([self._listener] if self._listener else [])
            return watched + ([] if self._hung else list(self._pairs))

    def _run(self):
        while not self._ended:
            try:
                ready = select.select(self._watched(), [], [], 1.0)[0]
            except (OSError, ValueError):
                continue
            for sock in ready:
                with self._lock:
                    self._serve(sock)

    def _serve(self, sock):
        try:
            if sock is self._wake_in:
                sock.recv(4096)
            elif sock is self._listener:
                self._accept(sock.accept()[0])
            elif sock in self._pairs:
                data = sock.recv(65536)
                if data:
                    self._pairs[sock].sendall(data)
                else:
                    self._forget(sock)
        except OSError:
            if sock in self._pairs:
                self._forget(sock)

    def _accept(self, client):
        self.connections += 1
        try:
            server = socket.create_connection(self.target, timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(5)
        self._pairs[client], self._pairs[server] = server, client
