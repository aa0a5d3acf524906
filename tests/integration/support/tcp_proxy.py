"""A TCP proxy on the loopback whose connections can be cut and frozen."""
import contextlib
import socket
import threading

from support.loopback import HOST, listen


class TcpProxy:
    """Forwards connections to `port`, its own, to `target_port`.

    A context manager; all its methods may be called at any time.
    """

    def __init__(self, target_port, port):
        self.port = port
        self.target_port = target_port
        self._lock = threading.Lock()
        self._listener = None
        self._sockets = set()
        self._flows = threading.Event()
        self._flows.set()
        self._is_closed = False
        self.heal()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def cut(self):
        """Ends all connections and refuses new ones, until heal()."""
        with self._lock:
            doomed = list(self._sockets)
            if self._listener:
                doomed.append(self._listener)
            self._listener = None
            self._sockets.clear()
        for one in doomed:
            _end(one)

    def heal(self):
        """Takes connections again."""
        with self._lock:
            if self._listener or self._is_closed:
                return
            self._listener = listen(self.port)
            threading.Thread(target=self._accept, args=(self._listener,),
                             daemon=True).start()

    def freeze(self):
        """Forwards nothing more, with all connections left open."""
        self._flows.clear()

    def thaw(self):
        """Forwards what was held up and all that follows."""
        self._flows.set()

    def connections(self):
        """Returns how many connections are forwarded."""
        with self._lock:
            return len(self._sockets) // 2

    def close(self):
        self._is_closed = True
        self._flows.set()
        self.cut()

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(
                        (HOST, self.target_port), timeout=5)
                except OSError:
                    _end(client)
                    continue
                server.settimeout(None)
                self._forward(listener, client, server)

    def _forward(self, listener, client, server):
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            is_cut = self._listener is not listener
            if not is_cut:
                self._sockets |= {client, server}
        if is_cut:
            _end(client)
            _end(server)
            return
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink),
                             daemon=True).start()

    def _pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        self._flows.wait()
        with self._lock:
            self._sockets -= {source, sink}
        _end(source)
        _end(sink)


def _end(one):
    """Closes a socket and wakes whoever waits for it."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
