"""Both ports under thousands of connections of junk and idle ones: memory stays
bounded and the service goes on."""
import contextlib
import random
import socket
import time
import unittest

from support.cluster import ClusterTest, wait_until
from support.loopback import HOST

JUNK_CONNECTIONS = 10_000
IDLE_CONNECTIONS = 1_000
FLOOD_SECONDS = 2
GROWTH_LIMIT = 200 * 2**20
KILLER_PACKETS = (bytes([1]) + bytes(31), b"\xff" * 64,
                  bytes([1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xF0]) + bytes(24),
                  b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /lookup HTT",
                  b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")


def send_junk(port, count, seed):
    rng = random.Random(seed)
    for number in range(count):
        with contextlib.suppress(OSError):
            with socket.create_connection((HOST, port), 5) as peer:
                peer.sendall(KILLER_PACKETS[number % len(KILLER_PACKETS)]
                             if number % 2 else rng.randbytes(64))


def flood(port, seconds):
    """Sends junk as fast as the other side takes it. Returns the bytes."""
    block = random.Random(6).randbytes(65536)
    end = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            with socket.create_connection((HOST, port), 5) as peer:
                while time.monotonic() < end:
                    peer.sendall(block)
                    sent += len(block)
    return sent


class JunkTest(ClusterTest):
    def check_port(self, port_key):
        controller = self.cluster.start_controller()
        port = self.cluster.controller_ports[port_key]
        with contextlib.ExitStack() as idle:
            for _ in range(IDLE_CONNECTIONS):
                idle.enter_context(
                    socket.create_connection((HOST, port), 5))
            before = controller.resident_bytes()
            send_junk(port, JUNK_CONNECTIONS, seed=5)
            self.assertGreater(flood(port, FLOOD_SECONDS),
                               FLOOD_SECONDS * 10**6)
            self.assertTrue(controller.is_alive())
            self.assertLess(controller.resident_bytes() - before, GROWTH_LIMIT)
            self.cluster.start_worker("a", flags=["--fill", 64])
            self.cluster.wait_for_workers({("a", 0)})
            wait_until(lambda: controller.key_count() == 64,
                       what="64 memberships")
        wait_until(lambda: controller.open_files() < 100,
                   what="the connections are closed")

    def test_the_link_port_survives(self):
        self.check_port("monitor_port")

    def test_the_http_port_survives(self):
        self.check_port("port")


if __name__ == "__main__":
    unittest.main()
