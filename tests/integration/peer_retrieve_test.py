"""Retrieving from peers what is not here, with real processes."""
import os
import random
import re
import time

from support.cluster import ROOT, free_port, wait_until
from support.control import CPU
from support.loopback import HOST
from support.peers import PeerTest

TRACE = ROOT / "tests/data/small_trace.jsonl"
CHUNK_BYTES = 32768  # In replays during which somebody is killed.


class PeerRetrieveTest(PeerTest):
    def start_retriever(self, instance, tokens, **settings):
        """Starts ranks that retrieve a prompt once."""
        prompt = self.cluster.write_prompt(tokens)
        self.start_peers(instance, flags=["--retrieve", prompt], **settings)

    def retrieved(self, instance, rank):
        """Returns what a rank retrieved: tokens, chunks of peers, wrong
        bytes."""
        pattern = (r"retrieved prompt tokens=(\d+) peer_chunks=(\d+) "
                   r"wrong_bytes=(\d+)")
        found = wait_until(
            lambda: re.search(pattern, self.ranks[instance, rank].log()),
            what=f"{instance}/{rank} has retrieved")
        return tuple(int(x) for x in found.groups())

    def test_fetches_what_a_peer_of_the_same_rank_holds(self):
        self.start_holders("a", self.tokens)
        self.start_retriever("b", self.tokens)
        for rank in (0, 1):  # Their bytes differ, under the same hashes.
            self.assertEqual(self.retrieved("b", rank), (2048, 8, 0))
        self.wait_for_lookup(self.tokens, "b", 2048)
        self.assertEqual(self.lookup(self.tokens)["a"], [CPU, 2048])

    def test_fetches_from_several_peers_what_each_holds(self):
        self.start_holders("a", self.tokens)
        self.start_holders("c", self.tokens[:1024])
        self.start_retriever("b", self.tokens)
        for rank in (0, 1):
            self.assertEqual(self.retrieved("b", rank), (2048, 8, 0))

    def test_has_a_miss_when_nobody_holds_it(self):
        self.start_holders("a", self.tokens[:512])
        self.start_retriever("b", self.tokens[1024:])
        for rank in (0, 1):
            self.assertEqual(self.retrieved("b", rank), (0, 0, 0))

    def test_has_a_miss_when_the_peer_is_stopped(self):
        self.start_holders("a", self.tokens)
        for rank in (0, 1):
            self.ranks["a", rank].stop()
        self.start_retriever("b", self.tokens, p2p_timeout=0.5)
        for rank in (0, 1):
            self.assertEqual(self.retrieved("b", rank), (0, 0, 0))
        for rank in (0, 1):
            self.ranks["a", rank].cont()
        self.start_retriever("c", self.tokens)
        for rank in (0, 1):
            self.assertEqual(self.retrieved("c", rank), (2048, 8, 0))

    def test_replays_with_peers_and_without(self):
        hits = {}
        for with_peers in (False, True):
            name = f"r{int(with_peers)}"
            flags = ["--instances", 4, "--ranks", 2, "--replay", TRACE,
                     "--chunk-bytes", 4096, "--route", "turns"]
            settings = {"max_local_cpu_size": 4 * 2**20 / 2**30}
            if with_peers:
                settings |= {"enable_p2p": True, "p2p_host": HOST,
                             "p2p_init_ports": [free_port(), free_port()]}
            worker = self.cluster.start_worker(
                name, 0, 2, flags, model=name, **settings)
            worker.wait_for_log("replay: done")
            totals = re.search(
                r"replay: done .* hit=([\d.]+)% \(peers ([\d.]+)%\) .*"
                r"wrong_bytes=(\d+)", worker.log())
            hits[with_peers] = float(totals[1]), float(totals[2])
            self.assertEqual(int(totals[3]), 0)
            worker.terminate()
        self.assertEqual(hits[False][1], 0)
        self.assertGreater(hits[True][1], 0)
        self.assertGreater(hits[True][0], hits[False][0])


    def replay(self, instance, flags=(), **settings):
        """Starts an instance that replays the trace with peers, its ranks in
        one process."""
        return self.cluster.start_worker(
            instance, 0, 2,
            ["--ranks", 2, "--replay", TRACE, "--route", "turns",
             "--chunk-bytes", CHUNK_BYTES, *flags],
            enable_p2p=True, p2p_host=HOST,
            p2p_init_ports=[free_port(), free_port()],
            lmcache_worker_heartbeat_time=0.2, **self.P2P, **settings)

    def replays(self, worker):
        """Returns the totals of the replays that a worker has finished."""
        return [{key: float(value) for key, value in
                 re.findall(r"(\w+)=([\d.]+)", line)}
                for line in re.findall(r"replay: done (.*)", worker.log())]

    def wait_for_replays(self, worker, count):
        def are_done():
            self.assertTrue(worker.is_alive(), worker.name)
            return len(self.replays(worker)) >= count
        wait_until(are_done, what=f"{worker.name} has replayed {count} times")

    def test_replays_while_a_peer_is_killed(self):
        holders = [self.replay(name) for name in ("a", "b")]
        for holder in holders:
            self.wait_for_replays(holder, 1)
        readers = [self.replay(name, ["--replay-for-ever"], log_level="debug",
                               max_local_cpu_size=256 * CHUNK_BYTES / 2**30,
                               p2p_timeout=1)
                   for name in ("c", "d")]
        for _ in range(2):
            for reader in readers:  # All is at peers: they read all the time.
                self.wait_for_replays(reader, len(self.replays(reader)) + 1)
            time.sleep(random.random() * 0.5)
            holders[0].kill()
            for reader in readers:
                self.wait_for_replays(reader, len(self.replays(reader)) + 2)
            holders[0].start()
            self.wait_for_replays(holders[0], 1)
        avoided = re.findall(r"peer avoided .* peer=(\w)/\d reason=(.*)",
                             readers[0].log() + readers[1].log())
        self.assertIn("a", [peer for peer, _ in avoided])
        for worker in (*holders, *readers):
            self.assertNotIn(" error ", worker.log())
            worker.terminate()
            for totals in self.replays(worker):  # All hits were compared.
                self.assertEqual(totals["requests"], 300)
                self.assertEqual(totals["wrong_bytes"], 0)
                self.assertGreater(totals["verified_bytes"], 0)
        for reader in readers:
            for totals in self.replays(reader):
                self.assertGreater(totals["peer_bytes"], 0)
        self.check_nothing_runs([*holders, *readers])

    def check_nothing_runs(self, workers):
        """Their process groups are empty."""
        for worker in workers:
            with self.assertRaises(ProcessLookupError, msg=worker.name):
                os.killpg(worker.pid, 0)


class TcpPeerRetrieveTest(PeerRetrieveTest):
    """The same over TCP, as between hosts."""
    P2P = {"p2p_transport": "tcp"}
