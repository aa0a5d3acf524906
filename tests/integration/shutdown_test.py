"""SIGTERM ends every program within two seconds with exit code 0."""
import os
import pathlib
import re
import signal
import unittest

from support.cluster import BIN, ClusterTest, Process, free_port, wait_until
from support.lookups import SMALL_TRACE
from support.tcp_proxy import TcpProxy

LIMIT_SECONDS = 2.5  # The programs promise 2; the machine is shared.


def takes_signals(process):
    """Whether SIGTERM does not simply kill the process any more."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    blocked = int(re.search(r"SigBlk:\s*(\w+)", status).group(1), 16)
    return blocked & 1 << signal.SIGTERM - 1


class ShutdownTest(ClusterTest):
    def assert_ends(self, process):
        self.assertLess(process.terminate(), LIMIT_SECONDS, process.name)

    def test_a_worker_ends_that_waits_for_its_prompt(self):
        """Something slow, here a pipe that nobody writes to, holds it up."""
        prompt = self.cluster.directory / "prompt"
        os.mkfifo(prompt)
        process = Process("kvc-worker", [
            BIN / "kvc-worker", "--enable-controller", "--prompt", prompt,
            "--controller-pull-url", "localhost:1"],
            self.cluster.directory / "kvc-worker.log")
        self.addCleanup(process.kill)
        wait_until(lambda: takes_signals(process), what="its start")
        self.assert_ends(process)

    def test_a_linked_fleet_ends_in_either_order(self):
        controller = self.cluster.start_controller()
        first = self.cluster.start_worker("a")
        second = self.cluster.start_worker("b")
        self.cluster.wait_for_workers({("a", 0), ("b", 0)})
        self.assert_ends(first)
        self.assertIn("worker: stopped", first.log())  # By itself.
        self.cluster.wait_for_workers({("b", 0)})
        self.assert_ends(controller)
        self.assert_ends(second)

    def test_a_worker_without_controller_ends(self):
        worker = self.cluster.start_worker("a")
        worker.wait_for_log("not registered")
        self.assert_ends(worker)

    def test_a_worker_ends_beside_a_stopped_controller(self):
        controller = self.cluster.start_controller()
        worker = self.cluster.start_worker("a", flags=["--fill", 20000,
                                                       "--chunk-bytes", 256])
        self.cluster.wait_for_workers({("a", 0)})
        controller.stop()
        self.assert_ends(worker)
        controller.cont()

    def test_a_controller_ends_beside_a_stopped_worker(self):
        controller = self.cluster.start_controller()
        worker = self.cluster.start_worker("a")
        self.cluster.wait_for_workers({("a", 0)})
        worker.stop()
        self.assert_ends(controller)

    def test_a_worker_ends_behind_a_frozen_link(self):
        with TcpProxy(self.cluster.controller_ports["monitor_port"],
                      free_port()) as proxy:
            self.cluster.start_controller()
            worker = self.cluster.start_worker("a", link_port=proxy.port)
            self.cluster.wait_for_workers({("a", 0)})
            proxy.freeze()
            self.assert_ends(worker)

    def test_a_replay_in_full_run_ends(self):
        self.cluster.start_controller()
        worker = self.cluster.start_worker(
            "a", flags=["--replay", SMALL_TRACE, "--time-scale", 1])
        worker.wait_for_log("registered")
        self.assert_ends(worker)


if __name__ == "__main__":
    unittest.main()
