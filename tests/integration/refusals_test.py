"""A worker that cannot be accepted is told why, and so is the operator."""
import unittest

from support.cluster import ClusterTest, wait_until

TOKENS = list(range(256))


class RefusalsTest(ClusterTest):
    def check_refused(self, names, instance="odd", **settings):
        """Starts a worker that is refused with `names` in three places."""
        worker = self.cluster.start_worker(instance, **settings)
        worker.wait_for_log(names)
        self.cluster.controller.wait_for_log(names)

        def listed():
            entries = self.cluster.controller.refusals()["rejected"]
            return any(entry["instance_id"] == instance and
                       names in str(entry) for entry in entries)
        wait_until(listed, what=f"?rejected=1 names {names!r}")
        self.assertEqual(self.cluster.controller.workers(), {})
        worker.terminate()

    def test_each_difference_in_hashing_is_named(self):
        self.cluster.start_controller()
        self.check_refused("chunk_size: controller 256, worker 128",
                           chunk_size=128)
        self.check_refused("none_hash: controller 0, worker 5", none_hash="5")
        self.check_refused("controller builtin, worker sha256_cbor",
                           pre_caching_hash_algorithm="sha256_cbor")

    def test_equal_settings_other_than_the_default_are_accepted(self):
        self.cluster.start_controller(none_hash="seed:42", chunk_size=16)
        self.cluster.start_worker(
            "a", flags=["--prompt", self.cluster.write_prompt(TOKENS),
                        "--chunk-bytes", 1024],
            none_hash="seed:42", chunk_size=16)
        self.cluster.wait_for_workers({("a", 0)})
        wait_until(lambda: self.cluster.controller.lookup(TOKENS) ==
                   {"a": ["LocalCPUBackend", 256]}, what="the prompt")

    def test_another_number_of_ranks_than_the_siblings_is_refused(self):
        self.cluster.start_controller()
        self.cluster.start_worker("a", 0, 2)
        self.cluster.wait_for_workers({("a", 0)})
        other = self.cluster.start_worker("a", 1, 3)
        other.wait_for_log("rank_count_mismatch")
        self.cluster.wait_for_workers({("a", 0)})


class WrongSecretTest(ClusterTest):
    secret = "right"

    def test_a_worker_with_another_secret_stays_out(self):
        self.cluster.start_controller()
        self.cluster.env = {"KVC_SECRET": "wrong"}
        stranger = self.cluster.start_worker("stranger")
        stranger.wait_for_log("unauthorized")
        self.cluster.controller.wait_for_log('reason="another secret"')
        wait_until(lambda: [
            (entry["instance_id"], entry["ip"], entry["reason"])
            for entry in self.cluster.controller.refusals()["rejected"]] ==
            [(None, "127.0.0.1", "unauthorized")], what="?rejected=1")
        self.cluster.env = {"KVC_SECRET": "right"}
        self.cluster.start_worker("friend")
        self.cluster.wait_for_workers({("friend", 0)})


if __name__ == "__main__":
    unittest.main()
