"""Where workers are listed, and whether peers reach them there."""
import pathlib
import socket
import subprocess
import time
import unittest

from support.cluster import ClusterTest, free_port
from support.loopback import HOST, IS_IPV6
from support.peers import PeerTest

EVERYWHERE = "::" if IS_IPV6 else "0.0.0.0"


class AddressTest(PeerTest):
    def entry(self, instance):
        return self.cluster.controller.workers()[instance, 0]

    def check_retrieves(self, **settings):
        """Has b fetch what a holds, each with these settings."""
        self.start_holders("a", self.tokens, ranks=1, **settings)
        prompt = self.cluster.write_prompt(self.tokens)
        self.start_peers("b", 1, ["--retrieve", prompt], **settings)
        self.ranks["b", 0].wait_for_log(
            "retrieved prompt tokens=2048 peer_chunks=8 wrong_bytes=0")


class WildcardTest(AddressTest):
    def place_of(self, instance):
        return {"p2p_host": EVERYWHERE}

    def test_peers_find_a_worker_where_its_link_is(self):
        self.check_retrieves()
        self.assertEqual(self.entry("a")["ip"], HOST)
        self.assertNotIn(EVERYWHERE + ":", self.entry("a")["peer_init_url"])

    def test_a_worker_is_found_where_it_says(self):
        self.start_peers("a", 1, p2p_advertise_host="2001:DB8:0::5")
        self.wait_for_ranks("a", 1)
        port = self.entry("a")["peer_init_url"].rsplit(":", 1)[1]
        self.assertEqual(self.entry("a")["ip"], "2001:db8::5")
        self.assertEqual(self.entry("a")["peer_init_url"],
                         f"[2001:db8::5]:{port}")


class LocalhostTest(AddressTest):
    def place_of(self, instance):
        return {"p2p_host": "localhost"}

    def test_is_listed_with_the_address_that_it_is(self):
        self.check_retrieves()
        self.assertIn(self.entry("a")["ip"], ("127.0.0.1", "::1"))


class Ipv6Test(AddressTest):
    CONTROLLER = {"host": "::"}
    P2P = {"p2p_transport": "tcp"}

    @classmethod
    def setUpClass(cls):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as error:
            print(f"address_test: skipped: no ::1: {error}", flush=True)
            raise unittest.SkipTest(f"no ::1: {error}") from error

    def place_of(self, instance):
        return {"p2p_host": "[::1]", "host": "::1"}

    def test_peers_reach_each_other(self):
        self.check_retrieves()
        entry = self.entry("a")
        self.assertEqual(entry["ip"], "::1")
        self.assertRegex(entry["peer_init_url"], r"^\[::1\]:\d+$")
        answer = self.post("/query_instance", ip="0:0:0:0:0:0:0:1")
        self.assertEqual(answer["instances"], ["a", "b"])

    def test_moves(self):
        self.start_holders("a", self.tokens)
        self.start_watchers("b", self.tokens)
        self.assertEqual(self.move("a", "b")["num_tokens"], 2048)
        self.wait_for_bytes_right("b", 2048)


class LateNameTest(ClusterTest):
    """A controller whose name nobody knows yet, and a name server that is
    silent: in a mount namespace of the worker's own."""

    def skip(self, reason):
        print(f"address_test: skipped: {reason}", flush=True)
        self.skipTest(reason)

    def test_a_worker_starts_and_joins_when_the_name_is_known(self):
        hosts = self.cluster.directory / "hosts"
        hosts.write_text(pathlib.Path("/etc/hosts").read_text())
        servers = self.cluster.directory / "resolv.conf"
        with socket.socket(type=socket.SOCK_DGRAM) as silent:
            try:
                silent.bind(("127.0.0.54", 53))
            except OSError as error:
                self.skip(f"no port for a name server: {error}")
            servers.write_text("nameserver 127.0.0.54\n"
                               "options timeout:3 attempts:1\n")
            prefix = ["unshare", "--mount", "sh", "-c",
                      'mount --bind "$1" /etc/hosts && '
                      'mount --bind "$2" /etc/resolv.conf && '
                      'shift 2 && exec "$@"', "sh", hosts, servers]
            tried = subprocess.run([*map(str, prefix), "true"], check=False,
                                   capture_output=True)
            if tried.returncode != 0:
                self.skip(f"no mounts: {tried.stderr.decode().strip()}")
            self.cluster.start_controller()
            begun = time.monotonic()
            worker = self.cluster.start_worker(
                "a", prefix=prefix, host="controller.kvc-test.example",
                lmcache_worker_ports=[free_port()])
            worker.wait_for_log("worker: started")
            self.assertLess(time.monotonic() - begun, 2.5)
            worker.wait_for_log("worker: not registered")
            with open(hosts, "a", encoding="ascii") as file:
                file.write(f"{HOST} controller.kvc-test.example\n")
            self.cluster.wait_for_workers({("a", 0)})
            self.assertEqual(
                self.cluster.controller.workers()["a", 0]["ip"], HOST)


if __name__ == "__main__":
    unittest.main()
