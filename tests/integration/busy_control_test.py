"""Control events beside a fleet that replays a trace without end, with a disk:
no byte is wrong, and what the disk kept is found after a kill."""
import random
import re
import unittest

from support.cluster import wait_until
from support.control import CPU, DISK, ControlTest
from support.lookups import SMALL_TRACE, random_prompts, wait_for_agreement
from support.oracle import Oracle


class BusyControlTest(ControlTest):
    def start_fleet(self, *flags):
        worker = self.cluster.start_worker(
            "r", flags=["--instances", 2, "--ranks", 2, *flags],
            save_unfull_chunk=True, max_local_cpu_size=0.003,
            local_disk=str(self.cluster.directory / "disk"),
            max_local_disk_size=0.01, lmcache_worker_heartbeat_time=0.2)
        self.cluster.wait_for_workers(
            {(f"r-{i}", rank) for i in range(2) for rank in range(2)})
        return worker

    def test_events_beside_a_replay_harm_no_byte(self):
        worker = self.start_fleet("--replay", SMALL_TRACE, "--replay-for-ever")
        wait_until(lambda: self.cluster.controller.key_count() > 200,
                   what="chunks")
        rng = random.Random(5)
        prompts = random_prompts(20, seed=7)
        done = {}
        for _ in range(80):
            path, fields = rng.choice([
                ("/compress", {"method": "zstd"}),
                ("/compress", {"method": "lz4"}), ("/decompress", {}),
                ("/clear", {"tokens": rng.choice(prompts)}), ("/clear", {}),
                ("/pin", {"tokens": rng.choice(prompts), "ttl_seconds": 2}),
                ("/unpin", {"tokens": rng.choice(prompts)})])
            begun = self.post(path, 202, instance_id=f"r-{rng.randrange(2)}",
                              location=rng.choice([CPU, DISK]), wait=False,
                              timeout_seconds=300, **fields)
            event = self.finish(begun["event_id"])
            self.assertEqual(event["status"], "finished", event)
            done[path] = done.get(path, 0) + event["num_tokens"]
        for path in "/compress", "/decompress", "/clear", "/pin":
            self.assertGreater(done[path], 0, done)
        for instance in "r-0", "r-1":
            health = self.post("/health", instance_id=instance)
            self.assertEqual(health["error_codes"], {"0": 0, "1": 0})
        worker.terminate()
        summary = re.search(r"replay: (?:done|stopped) (.*)",
                            worker.log()).group(1)
        self.assertIn("wrong_bytes=0 ", summary)
        self.assertNotIn("verified_bytes=0 ", summary)

    def test_what_the_disk_kept_is_found_after_a_kill(self):
        worker = self.start_fleet("--replay", SMALL_TRACE, "--replay-for-ever")
        wait_until(lambda: self.usage("r-1", 1)[DISK]["key_count"] > 100,
                   what="chunks on disk")
        worker.kill()
        wait_until(lambda: not self.cluster.controller.workers(),
                   what="the end of the fleet")
        self.start_fleet()
        oracle = Oracle().read(self.cluster.journals)
        wait_until(lambda: self.cluster.controller.key_count() > 100,
                   what="the disk's chunks")
        prompts = random_prompts(300, seed=12)
        wait_for_agreement(self.cluster.controller, oracle, prompts)
        held = sum(len(chunks) for ranks in oracle.holdings.values()
                   for chunks in ranks.values())
        self.assertEqual(self.cluster.controller.key_count(), held)
        for instance in "r-0", "r-1":
            health = self.post("/health", instance_id=instance)
            self.assertEqual(health["error_codes"], {"0": 0, "1": 0})


if __name__ == "__main__":
    unittest.main()
