"""Kills, stops and cuts off the parts of a fleet; lookups must tell the truth
again each time, as a naive model reads it from the workers' journals."""
import threading
import time
import unittest

from support.cluster import free_port, wait_until
from support.fleet import FleetTest, LEASE_SECONDS
from support.lookups import SMALL_TRACE
from support.tcp_proxy import TcpProxy


class KilledWorkerTest(FleetTest):
    def test_a_killed_worker_hides_its_instance_and_comes_back_complete(self):
        self.start_fleet()
        self.workers["a", 0].kill()
        self.expect_without("a")
        self.workers["a", 0].start()
        self.expect_all()

    def test_a_stopped_worker_is_gone_after_its_lease_and_comes_back(self):
        self.start_fleet()
        begin = time.monotonic()
        self.workers["b", 1].stop()
        self.expect_without("b")
        self.assertGreater(time.monotonic() - begin, LEASE_SECONDS / 2)
        self.workers["b", 1].cont()
        self.expect_all()
        self.assertEqual(self.full_syncs(("b", 1)), 1)

    def test_a_worker_that_leaves_is_forgotten_at_once(self):
        self.start_fleet()
        self.workers["a", 1].terminate()
        del self.workers["a", 1]
        self.cluster.wait_for_workers(self.workers)
        self.expect_without("a")


class KilledControllerTest(FleetTest):
    def test_everything_is_back_after_the_controller_was_killed(self):
        self.start_fleet()
        slow = self.cluster.start_worker(
            "c", flags=["--replay", SMALL_TRACE, "--time-scale", "0.03"],
            save_unfull_chunk=True)
        self.workers["c", 0] = slow
        self.cluster.wait_for_workers(self.workers)
        pids = {worker.pid for worker in self.workers.values()}
        for _ in range(3):
            self.cluster.controller.kill()
            self.cluster.controller.start()
            self.cluster.wait_for_controller()
            self.cluster.wait_for_workers(self.workers)
        self.expect_all()
        self.assertTrue(all(w.is_alive() for w in self.workers.values()))
        self.assertEqual({w.pid for w in self.workers.values()}, pids)

    def test_nobody_is_swept_when_the_controller_was_stopped(self):
        self.start_fleet()
        self.cluster.controller.stop()
        time.sleep(12)  # Longer than leases and CAF's timeouts.
        self.cluster.controller.cont()
        self.expect_all()
        self.assertNotIn("registry: forgot", self.cluster.controller.log())

    def test_workers_may_be_started_first(self):
        self.workers = {("a", 0): self.start_rank("a", 0)}
        self.workers["a", 0].wait_for_log("not registered")
        self.start_fleet_without(("a", 0))

    def start_fleet_without(self, present):
        kept = self.workers[present]
        self.start_fleet()
        # The second one under the same id is the newer process.
        kept.wait_for_log("superseded")


class LinkTest(FleetTest):
    def test_a_link_cut_and_healed_costs_no_full_sync(self):
        ports = self.cluster.controller_ports
        with TcpProxy(ports["monitor_port"], free_port()) as proxy:
            self.link_port = proxy.port
            self.start_fleet()
            for round_number in (1, 2, 3):
                proxy.cut()
                wait_until(lambda: not self.cluster.controller.workers(),
                           what="nobody is registered")
                self.assertEqual(
                    self.cluster.controller.lookup(self.prompts[0]), {})
                proxy.heal()
                for worker_id in self.workers:
                    self.wait_for_log(worker_id, "worker: resumed",
                                      round_number)
                self.expect_all()
            for worker_id in self.workers:
                self.assertEqual(self.full_syncs(worker_id), 1)

    def test_changes_during_a_cut_arrive_after_it(self):
        ports = self.cluster.controller_ports
        with TcpProxy(ports["monitor_port"], free_port()) as proxy:
            self.link_port = proxy.port
            self.start_fleet()
            slow = self.cluster.start_worker(
                "c", flags=["--replay", SMALL_TRACE, "--time-scale", "0.03"],
                link_port=proxy.port, save_unfull_chunk=True)
            self.workers["c", 0] = slow
            self.cluster.wait_for_workers(self.workers)
            while "replay: done" not in slow.log():
                proxy.cut()
                proxy.heal()
                time.sleep(0.5)
            self.expect_all()


class SameIdTest(FleetTest):
    def test_the_newer_process_wins_even_if_the_older_was_stopped(self):
        self.start_fleet()
        older = self.workers["a", 0]
        older.stop()
        self.workers["a", 0] = self.start_rank("a", 0)
        self.expect_all()
        older.cont()
        older.wait_for_log("superseded")
        self.expect_all()
        older.terminate()
        self.expect_all()


    def test_the_older_process_takes_over_when_the_newer_one_ends(self):
        self.start_fleet()
        older = self.workers["a", 0]
        newer = self.start_rank("a", 0)
        older.wait_for_log("superseded")
        newer.wait_for_log("replay: done")
        newer.kill()
        wait_until(lambda: older.log().count("worker: registered") == 2,
                   what="the older one is back")
        self.expect_all()


class LoadTest(FleetTest):
    def test_lookups_never_fail_while_workers_come_and_go(self):
        self.start_fleet()
        controller = self.cluster.controller
        failures = []
        is_over = threading.Event()

        def ask():
            client = type(controller.http)(controller.http_port)
            while not is_over.is_set():
                reply = client.post("/lookup", {"tokens": self.prompts[0]})
                if reply.status != 200:
                    failures.append(reply)
            client.close()

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            for _ in range(3):
                self.workers["b", 0].kill()
                self.workers["b", 0].start()
                self.expect_all()
        finally:
            is_over.set()
            thread.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    unittest.main()
