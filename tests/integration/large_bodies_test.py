"""Large and endless bodies: they neither lock small lookups out nor delay them,
and leave no memory behind."""
import contextlib
import socket
import threading
import time
import unittest

from support.cluster import ClusterTest, wait_until

MIB = 2**20
BODY_LIMIT = 16 * MIB
HOLDERS = 40
SENDERS = 31
LONGEST_LOOKUP = 0.5  # Seconds.
LEFT_BEHIND = 96 * MIB
TOKENS = list(range(64))


def post(path, length, fields=""):
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
            f"{fields}\r\n").encode()


def filled(begin, unit, end, size=BODY_LIMIT):
    """Returns a text of this size, nearly all of it `unit` again and again."""
    count = (size - len(begin) - len(end)) // len(unit)
    return (begin + unit * count + end).encode()


CLEAR = '{"instance_id":"I","location":"Nope"'
HARD_BODIES = {
    "a list that nobody reads": filled(CLEAR + ',"x":[0', ",0", "]}"),
    "tokens": filled(CLEAR + ',"tokens":[0', ",0", "]}"),
    "escapes": filled(CLEAR + ',"x":"', "\\n", '"}'),
    "objects": filled(CLEAR + ',"x":[{}', ",{}", "]}", 3 * 130_000),
    "fields": filled(CLEAR, ',"\\n":1', "}", MIB - 1)}


class LargeBodiesTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.controller = self.cluster.start_controller()
        self.port = self.cluster.controller_ports["port"]

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 30)

    def send_and_read(self, data):
        """Returns the status of the answer."""
        with self.connect() as peer:
            with contextlib.suppress(OSError):  # It may answer before the end.
                peer.sendall(data)
            return int(peer.recv(4096).split()[1])

    def longest_lookup(self, while_alive):
        longest = 0
        while any(thread.is_alive() for thread in while_alive):
            begun = time.monotonic()
            self.controller.lookup(TOKENS)
            longest = max(longest, time.monotonic() - begun)
        return longest

    def test_held_bodies_leave_room_for_small_lookups(self):
        with contextlib.ExitStack() as held:
            for _ in range(HOLDERS):
                peer = held.enter_context(self.connect())
                with contextlib.suppress(OSError):  # Beyond the memory of all.
                    peer.sendall(post("/lookup", BODY_LIMIT))
                    peer.sendall(bytes(BODY_LIMIT - 1))
            for _ in range(100):
                self.controller.lookup(TOKENS)

    def test_hard_bodies_delay_nobody_and_leave_nothing(self):
        self.controller.lookup(TOKENS)
        before = self.controller.resident_bytes()
        for name, body in HARD_BODIES.items():
            with self.subTest(name):
                statuses = []
                data = post("/clear", len(body)) + body
                senders = [threading.Thread(
                    target=lambda data=data, statuses=statuses:
                    statuses.append(self.send_and_read(data)))
                    for _ in range(SENDERS)]
                for sender in senders:
                    sender.start()
                longest = self.longest_lookup(senders)
                self.assertEqual(len(statuses), SENDERS)
                self.assertLessEqual(set(statuses), {404, 413, 422, 503})
                self.assertLess(longest, LONGEST_LOOKUP)
        wait_until(lambda: self.controller.resident_bytes() - before
                   < LEFT_BEHIND, what="the memory is given back")

    def test_endless_extensions_and_trailers_are_refused(self):
        head = post("/lookup", 0).replace(b"Content-Length: 0",
                                          b"Transfer-Encoding: chunked")
        for begin in (b"1;", b"0\r\nA: "):
            self.assertEqual(self.send_and_read(head + begin + b"x" * MIB), 431)


if __name__ == "__main__":
    unittest.main()
