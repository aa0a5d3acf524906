"""What the tests of moves and of peers share."""
import re

from support.cluster import free_port, wait_until
from support.control import CPU, ControlTest
from support.loopback import HOST


class PeerTest(ControlTest):
    """A controller; instances whose ranks take part in transfers."""

    P2P = {}  # Further settings of all workers.

    def start_peers(self, instance, ranks=2, flags=(), **settings):
        """Starts the ranks of an instance, each in a process of its own."""
        ports = {key: [free_port() for _ in range(ranks)]
                 for key in ("lmcache_worker_ports", "p2p_init_ports")}
        for rank in range(ranks):
            self.ranks[instance, rank] = self.cluster.start_worker(
                instance, rank, ranks, flags, enable_p2p=True,
                lmcache_worker_heartbeat_time=0.2,
                **ports, **self.place_of(instance), **self.P2P, **settings)

    def place_of(self, instance):
        """Returns where the ranks of an instance run."""
        return {"p2p_host": HOST}

    def start_holders(self, instance, tokens, flags=(), **settings):
        """Starts ranks that store a prompt and tell what they hold of it."""
        prompt = self.cluster.write_prompt(tokens)
        self.start_peers(instance, flags=["--prompt", prompt, "--watch",
                                          prompt, *flags], **settings)
        self.wait_for_lookup(tokens, instance, len(tokens))

    def start_watchers(self, instance, tokens, flags=(), **settings):
        """Starts ranks that hold nothing and tell what they hold of it."""
        prompt = self.cluster.write_prompt(tokens)
        self.start_peers(instance, flags=["--watch", prompt, *flags],
                         **settings)
        self.wait_for_ranks(instance)

    def wait_for_ranks(self, instance, ranks=2):
        def are_there():
            workers = self.cluster.controller.workers()
            return all((instance, rank) in workers for rank in range(ranks))
        wait_until(are_there, what=f"the ranks of {instance}")

    def wait_for_lookup(self, tokens, instance, count, where=CPU):
        expected = [where, count] if count else None
        wait_until(lambda: self.lookup(tokens).get(instance) == expected,
                   what=f"{instance} holds {count} tokens")

    def wait_for_bytes_right(self, instance, count, ranks=2):
        """Waits until all ranks tell that they hold `count` tokens, every byte
        right."""
        told = f"holds prompt tokens={count} wrong_bytes=0 "
        for rank in range(ranks):
            worker = self.ranks[instance, rank]
            wait_until(lambda: self.last_told(worker).startswith(told),
                       what=f"{worker.name} holds {count} tokens")

    @staticmethod
    def last_told(worker):
        lines = re.findall(r"worker: (holds prompt .*)", worker.log())
        return lines[-1] if lines else ""

    def move(self, source, destination, status=200, **fields):
        """Posts /move; positions are instances in memory, or pairs."""
        def position(x):
            return [x, CPU] if isinstance(x, str) else x
        return self.post("/move", status, old_position=position(source),
                         new_position=position(destination), **fields)

    def check_no_wrong_bytes(self):
        for worker in self.ranks.values():
            for line in worker.log().splitlines():
                if "wrong_bytes=" in line:
                    self.assertIn("wrong_bytes=0", line)
