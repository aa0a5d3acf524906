"""The fleet of the kill tests: two instances of two ranks, a process each."""
from support.cluster import ClusterTest, wait_until
from support.lookups import (SMALL_TRACE, random_prompts, wait_for_agreement)
from support.oracle import Oracle

INSTANCES = ("a", "b")
RANKS = 2
# So little memory that chunks are evicted. The ranks of b disagree.
MEMORY_GB = {("a", 0): 0.006, ("a", 1): 0.006, ("b", 0): 0.004,
             ("b", 1): 0.003}
LEASE_SECONDS = 2


class FleetTest(ClusterTest):
    """Four workers that have replayed the small trace, and the oracle that
    knows what they hold."""

    PROMPTS = 1000
    link_port = None  # Where the workers link to, if not to the controller.

    def start_fleet(self, **controller_settings):
        self.cluster.start_controller(
            lmcache_worker_timeout=LEASE_SECONDS, health_check_interval=0.2,
            **controller_settings)
        self.workers = {}
        for worker_id in MEMORY_GB:
            self.workers[worker_id] = self.start_rank(*worker_id)
        self.oracle = Oracle()
        self.prompts = random_prompts(self.PROMPTS, seed=7)
        self.expect_all()

    def start_rank(self, instance, rank):
        return self.cluster.start_worker(
            instance, rank, RANKS, ["--replay", SMALL_TRACE],
            link_port=self.link_port, save_unfull_chunk=True,
            max_local_cpu_size=MEMORY_GB[instance, rank],
            lmcache_worker_heartbeat_time=0.2)

    def expect_all(self):
        """Waits until the controller knows exactly what the workers hold."""
        for worker in self.workers.values():
            worker.wait_for_log("replay: done")
        self.cluster.wait_for_workers(self.workers)
        self.oracle.read(self.cluster.journals)
        self.expect_agreement()

    def expect_agreement(self):
        wait_for_agreement(self.cluster.controller, self.oracle, self.prompts)

    def expect_without(self, instance):
        """Waits until lookups are as if the instance had never been."""
        self.oracle.forget(instance)
        self.expect_agreement()

    def full_syncs(self, worker_id):
        """How often a worker began from scratch since its process started."""
        return self.workers[worker_id].log().count("worker: registered")

    def wait_for_log(self, worker_id, text, count=1):
        worker = self.workers[worker_id]
        wait_until(lambda: worker.log().count(text) >= count,
                   what=f"{worker.name} prints {text!r} {count} times")
