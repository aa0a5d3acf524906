"""A whole fleet in one process replays a trace; a naive model must agree with
a thousand lookups."""
import re
import unittest

from support.cluster import ROOT, ClusterTest, wait_until
from support.lookups import SMALL_TRACE, random_prompts, wait_for_agreement
from support.oracle import Oracle

REAL_TRACE = ROOT.parent / "shared/traces/conversation_trace.jsonl"


class ReplayTest(ClusterTest):
    def replay(self, trace, **settings):
        self.cluster.start_controller(**settings.pop("controller", {}))
        worker = self.cluster.start_worker(
            "r", flags=["--instances", 8, "--ranks", 2, "--replay", trace],
            **settings)
        worker.wait_for_log("replay: done", 600)
        self.cluster.wait_for_workers(
            {(f"r-{i}", rank) for i in range(8) for rank in range(2)})
        return worker

    def check_oracle(self, shards):
        worker = self.replay(SMALL_TRACE, save_unfull_chunk=True,
                             max_local_cpu_size=0.003,
                             controller={"shards": shards})
        summary = re.search(r"replay: done (.*)", worker.log()).group(1)
        self.assertIn("requests=300 ", summary)
        self.assertIn("wrong_bytes=0 ", summary)
        oracle = Oracle().read(self.cluster.journals)
        self.assertEqual(len(oracle.holdings), 8)
        prompts = random_prompts(1000, seed=11)
        wait_for_agreement(self.cluster.controller, oracle, prompts)
        self.assertGreater(
            sum(1 for tokens in prompts if oracle.lookup(tokens)), 500)

    def test_a_thousand_lookups_agree_with_the_journals(self):
        self.check_oracle(shards=1)

    def test_a_thousand_lookups_agree_with_eight_shards(self):
        self.check_oracle(shards=8)

    @unittest.skipUnless(REAL_TRACE.exists(), "the real trace is not here")
    def test_the_real_trace_replays_with_right_bytes(self):
        worker = self.replay(REAL_TRACE, max_local_cpu_size=0.05)
        self.assertIn("wrong_bytes=0 ", worker.log())
        oracle = Oracle().read(self.cluster.journals)
        held = sum(len(ranks) for instance in oracle.holdings.values()
                   for ranks in instance.values())
        self.assertGreater(held, 0)
        wait_until(lambda: self.cluster.controller.key_count() == held,
                   what=f"{held} memberships")


if __name__ == "__main__":
    unittest.main()
