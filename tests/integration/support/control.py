"""What the tests of control events share."""
import random

from support.cluster import ClusterTest, wait_until

EVENT_PATIENCE = 300  # Seconds: of all chunks, on a busy disk.
CPU, DISK = "LocalCPUBackend", "LocalDiskBackend"


def random_tokens(count, seed=1):
    rng = random.Random(seed)
    return [rng.randrange(2**32) for _ in range(count)]


class ControlTest(ClusterTest):
    """A controller; instances of two ranks in two processes each."""

    CONTROLLER = {}  # Settings.

    def setUp(self):
        super().setUp()
        self.tokens = random_tokens(2048)
        self.cluster.start_controller(**self.CONTROLLER)
        self.ranks = {}
        self.instances = {}

    def start_instance(self, instance, tokens, flags=(), ranks=2, **settings):
        """Starts the ranks and waits until lookups show their prompt."""
        prompt = self.cluster.write_prompt(tokens)
        for rank in range(ranks):
            self.ranks[instance, rank] = self.cluster.start_worker(
                instance, rank, ranks, ["--prompt", prompt, *flags],
                lmcache_worker_heartbeat_time=0.2, **settings)
        full = len(tokens) // 256 * 256
        wait_until(lambda: self.lookup(tokens).get(instance) == [CPU, full],
                   what=f"{instance} holds its prompt")
        wait_until(lambda: self.usage(instance), what="the ranks' usage")

    def lookup(self, tokens):
        return self.cluster.controller.lookup(tokens)

    def post(self, path, status=200, **fields):
        """Posts and returns the answer, which must have this status."""
        reply = self.cluster.controller.http.post(path, fields)
        self.assertEqual(reply.status, status, (path, reply))
        return reply.json

    def finish(self, event_id):
        """Waits until an event has ended and returns what it was."""
        def ended():
            event = self.post("/check_finish", event_id=event_id)
            return event if event["status"] != "running" else None
        return wait_until(ended, EVENT_PATIENCE, f"the end of {event_id}")

    def usage(self, instance, rank=0):
        """Returns {location: counts} of a rank, as of its last renewal."""
        entry = self.cluster.controller.workers()[instance, rank]
        return entry["locations"]

    def used_bytes(self, instance, where=CPU):
        return self.usage(instance)[where]["used_bytes"]

    def wait_for_bytes(self, instance, is_right):
        wait_until(lambda: is_right(self.used_bytes(instance)),
                   what=f"memory of {instance}")
