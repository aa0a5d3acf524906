"""Instances on hosts of their own: network namespaces, linked by a bridge, of
IPv6 if the tests are. Skipped where namespaces cannot be made.
"""
import ipaddress
import os
import subprocess
import unittest

import move_chaos_test
import move_test
import peer_retrieve_test
from support.cluster import wait_until
from support.control import CPU, random_tokens
from support.loopback import IS_IPV6
from support.peers import PeerTest

NAME = f"kvct{os.getpid() % 10000}"
SUBNET = ipaddress.ip_network(
    f"fd00:{os.getpid() % 65536:x}::/64" if IS_IPV6 else
    f"10.{200 + os.getpid() % 50}.{os.getpid() % 200}.0/24")
SWITCH = 254


def address(i):
    return str(SUBNET[i])


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def add_address(i, device, *namespace):
    ip(*namespace, "addr", "add", f"{address(i)}/{SUBNET.prefixlen}",
       "dev", device, *(["nodad"] if IS_IPV6 else []))


def make_network():
    """A bridge, which is host SWITCH, and two namespaces, hosts 1 and 2."""
    ip("link", "add", NAME, "type", "bridge")
    add_address(SWITCH, NAME)
    ip("link", "set", NAME, "up")
    for i in (1, 2):
        space, outer = f"{NAME}n{i}", f"{NAME}v{i}"
        ip("netns", "add", space)
        ip("link", "add", outer, "type", "veth", "peer", "name", "eth0",
           "netns", space)
        ip("link", "set", outer, "master", NAME, "up")
        add_address(i, "eth0", "-n", space)
        ip("-n", space, "link", "set", "eth0", "up")
        ip("-n", space, "link", "set", "lo", "up")


def remove_network():
    for i in (1, 2):
        subprocess.run(["ip", "netns", "del", f"{NAME}n{i}"], check=False,
                       capture_output=True)
    subprocess.run(["ip", "link", "del", NAME], check=False,
                   capture_output=True)


def setUpModule():
    try:
        make_network()
    except (OSError, subprocess.CalledProcessError) as error:
        remove_network()
        why = getattr(error, "stderr", b"") or str(error).encode()
        reason = f"no network namespaces: {why.decode().strip()}"
        print(f"skipped: network_test: {reason}", flush=True)  # For .ci/test.
        raise unittest.SkipTest(reason)


def tearDownModule():
    remove_network()


class OverNetwork:
    """Puts instance a on one host and the others on the second."""
    CONTROLLER = {"host": "::" if IS_IPV6 else "0.0.0.0",
                  "lmcache_worker_timeout": 2}
    secret = "of the test network"
    P2P = {"p2p_transport": "tcp"}  # The namespaces share their memory.

    def place_of(self, instance):
        i = 1 if instance == "a" else 2
        return {"p2p_host": address(i), "host": address(SWITCH),
                "prefix": ["ip", "netns", "exec", f"{NAME}n{i}"]}


class NetworkMoveTest(OverNetwork, move_test.MoveTest):
    pass


class NetworkLargeMoveTest(OverNetwork, move_test.LargeMoveTest):
    pass


class NetworkBrokenMoveTest(OverNetwork, move_test.BrokenMoveTest):
    pass


class NetworkMoveChaosTest(OverNetwork, move_chaos_test.MoveChaosTest):
    pass


class NetworkPeerRetrieveTest(OverNetwork,
                              peer_retrieve_test.PeerRetrieveTest):
    pass


class NetworkTest(OverNetwork, PeerTest):
    def test_moves_over_a_network(self):
        self.start_holders("a", self.tokens)
        self.start_watchers("b", self.tokens)
        places = {(entry["instance_id"], entry["ip"])
                  for entry in self.cluster.controller.workers().values()}
        self.assertEqual(places, {("a", address(1)), ("b", address(2))})
        self.assertEqual(self.move("a", "b")["num_tokens"], 2048)
        self.assertEqual(self.lookup(self.tokens), {"b": [CPU, 2048]})
        self.wait_for_bytes_right("b", 2048)
        self.assertEqual(self.move("b", "a", copy=True)["num_tokens"], 2048)
        self.wait_for_bytes_right("a", 2048)

    def test_retrieves_over_a_network(self):
        self.start_holders("a", self.tokens)
        prompt = self.cluster.write_prompt(self.tokens)
        self.start_peers("b", flags=["--retrieve", prompt])
        for rank in (0, 1):
            self.ranks["b", rank].wait_for_log(
                "retrieved prompt tokens=2048 peer_chunks=8 wrong_bytes=0")

    def test_ends_a_move_in_time_when_the_network_is_cut(self):
        many = random_tokens(256 * 1500)
        flags = ["--chunk-bytes", 65536]
        self.start_holders("a", many, flags, max_local_cpu_size=0.25)
        self.start_watchers("b", many, flags, max_local_cpu_size=0.25)
        event_id = self.move("a", "b", 202, wait=False,
                             timeout_seconds=5)["event_id"]
        ip("link", "set", f"{NAME}v1", "down")
        try:
            event = self.finish(event_id)
            self.assertLess(event["finished_at"] - event["started_at"], 10)
        finally:
            ip("link", "set", f"{NAME}v1", "up")
        if event["status"] == "failed":
            self.assertTrue(event["workers"][0]["error"])
            self.wait_for_lookup(many, "a", len(many))
        # And the next move works.
        self.wait_for_ranks("a")
        self.wait_for_ranks("b")
        wait_until(lambda: self.finish(self.move(
            "a", "b", 202, wait=False, timeout_seconds=30)["event_id"])
                   ["status"] == "finished", what="a move after the cut")
        self.wait_for_bytes_right("b", len(many))
