"""Moves while somebody is killed or stopped at a random moment.

KVC_CHAOS_SEEDS is how many times (make soak: 50); KVC_CHAOS_SEED the first
seed, to replay one that failed.
"""
import os
import random
import time

from support.cluster import wait_until
from support.control import CPU, DISK, random_tokens
from support.peers import PeerTest

CHUNKS = 1500
DEADLINE = 6  # Seconds that an event may take.
LEASE = 15    # Seconds after which no lease may be left.


class MoveChaosTest(PeerTest):
    CONTROLLER = {"lmcache_worker_timeout": 2}

    def test_loses_nothing(self):
        self.tokens = random_tokens(256 * CHUNKS)
        flags = ["--chunk-bytes", 65536]
        settings = {"max_local_cpu_size": 0.25}
        self.start_holders("a", self.tokens, flags, **settings)
        self.start_watchers("b", self.tokens, flags, max_local_disk_size=1,
                            local_disk=str(self.cluster.directory / "b"),
                            **settings)
        first = int(os.environ.get("KVC_CHAOS_SEED", "1"))
        for seed in range(first, first +
                          int(os.environ.get("KVC_CHAOS_SEEDS", "5"))):
            with self.subTest(seed=seed):
                self.run_once(random.Random(seed))
        self.check_no_wrong_bytes()
        self.check_files()

    def run_once(self, rng):
        self.prepare()
        victims = {**self.ranks, "controller": self.cluster.controller}
        name = rng.choice(sorted(victims, key=str))
        victim = victims[name]
        begun = time.monotonic()
        event_id = self.move("a", ["b", rng.choice([CPU, DISK])], 202,
                             wait=False, copy=rng.random() < .3,
                             timeout_seconds=DEADLINE)["event_id"]
        time.sleep(rng.random() * 0.3)
        is_killed = rng.random() < .6
        if is_killed:
            victim.kill()
        else:
            victim.stop()
            time.sleep(rng.random() * 4)
            victim.cont()
        if name != "controller":
            self.finish(event_id)
            self.assertLess(time.monotonic() - begun, DEADLINE + 5)
        elif is_killed:
            victim.start()
            self.cluster.wait_for_controller()
        for rank in (0, 1):
            pair = [self.ranks["a", rank], self.ranks["b", rank]]
            if not (is_killed and victim in pair):
                wait_until(lambda: self.holds_all(pair),
                           what=f"rank {rank} holds all, after {name}")

    def holds_all(self, pair):
        """Whether one of the processes holds all, every byte right."""
        told = f"holds prompt tokens={len(self.tokens)} wrong_bytes=0 "
        return any(self.last_told(x).startswith(told) for x in pair)

    def prepare(self):
        """Everything is at a, nothing at b, and no lease is left."""
        for worker in self.ranks.values():
            if not worker.is_alive():
                worker.start()
        self.wait_for_ranks("a")
        self.wait_for_ranks("b")
        for where in (DISK, CPU):  # What looks at b copies disk to memory.
            self.clear("b", where)
        if self.lookup(self.tokens).get("a") == [CPU, len(self.tokens)]:
            return
        for rank in (0, 1):
            self.ranks["a", rank].kill()
            self.ranks["a", rank].start()
        self.wait_for_lookup(self.tokens, "a", len(self.tokens))

    def clear(self, instance, where):
        """Clears a location; what is leased or held has to be free in time."""
        def is_clear():
            answer = self.post("/clear", instance_id=instance, location=where)
            return not any("in_use" in x["chunks"] for x in answer["workers"])
        wait_until(is_clear, LEASE, f"no lease is left in {instance}")

    def check_files(self):
        for worker in self.ranks.values():
            if worker.is_alive():
                self.assertLess(worker.open_files(), 80, worker.name)
