"""Control events when ranks die, hang, restart or refuse in the middle."""
import http.client
import json
import unittest

from support.cluster import wait_until
from support.control import CPU, ControlTest
from support.loopback import HOST

CHUNK_BYTES = 4 * 1024
CHUNKS = 30000  # Small ones and many: they take their time.
FILLED = ["--fill", str(CHUNKS), "--chunk-bytes", str(CHUNK_BYTES)]


class MidEventTest(ControlTest):
    """Rank 0 has few chunks and is done soon, rank 1 has many."""

    CONTROLLER = {"lmcache_worker_timeout": 30}  # The event's own time counts.

    def setUp(self):
        super().setUp()
        for rank, flags in enumerate((["--fill", "4"], FILLED)):
            self.ranks["a", rank] = self.cluster.start_worker(
                "a", rank, 2, flags, lmcache_worker_heartbeat_time=0.2,
                max_local_cpu_size=0.5)
        self.cluster.wait_for_workers({("a", 0), ("a", 1)})
        wait_until(lambda: self.cluster.controller.key_count() == 4 + CHUNKS,
                   what="all chunks")

    def compress(self, **fields):
        return self.post("/compress", 202, instance_id="a", location=CPU,
                         method="zstd", wait=False, **fields)["event_id"]

    def worker(self, event, rank):
        return next(one for one in event["workers"]
                    if one["worker_id"] == rank)

    def registration_time(self):
        entry = self.cluster.controller.workers().get(("a", 1), {})
        return entry.get("registration_time")

    def begin_compress(self, **fields):
        """Begins an event and returns its id while it runs and rank 1 has made
        some progress; tries again if it was over before that was seen."""
        for _ in range(20):
            event_id = self.compress(**fields)

            def seen():
                event = self.post("/check_finish", event_id=event_id)
                has_begun = self.worker(event, 1)["chunks_done"] > 0
                is_over = event["status"] != "running"
                return event if has_begun or is_over else None
            if wait_until(seen, what="progress")["status"] == "running":
                return event_id
            self.post("/decompress", instance_id="a", location=CPU,
                      timeout_seconds=600)
        self.fail("never seen while it ran")

    def expect_failure(self, event_id, *words):
        """The event has failed by rank 1, which has not confirmed its end, and
        rank 0's work is done."""
        event = self.finish(event_id)
        self.assertEqual(event["status"], "failed", event)
        done = self.worker(event, 0)
        self.assertEqual(done["status"], "finished")
        self.assertEqual(done["chunks"], {"done": 4})
        failed = self.worker(event, 1)
        self.assertEqual(failed["status"], "unknown")
        for word in words:
            self.assertIn(word, failed["error"])
        self.assertEqual(self.post("/check_finish", event_id=event_id), event)
        return event

    def test_a_rank_that_is_killed_fails_the_event_at_once(self):
        event_id = self.begin_compress(timeout_seconds=600)
        self.ranks["a", 1].kill()
        event = self.expect_failure(event_id, "gone")
        self.assertGreater(self.worker(event, 1)["chunks_done"], 0)

    def test_a_rank_that_is_stopped_fails_it_at_the_deadline(self):
        event_id = self.begin_compress(timeout_seconds=2)
        self.ranks["a", 1].stop()
        event = self.expect_failure(event_id, "no answer")
        self.assertLess(event["finished_at"] - event["started_at"], 30)
        self.ranks["a", 1].cont()
        reply = self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(self.worker(reply, 1)["chunks"], {"done": CHUNKS})

    def test_a_rank_that_restarts_fails_it_and_serves_the_next(self):
        event_id = self.begin_compress(timeout_seconds=600)
        before = self.registration_time()
        self.ranks["a", 1].kill()
        self.ranks["a", 1].start()
        self.expect_failure(event_id, "gone")
        wait_until(lambda: self.registration_time() not in (None, before),
                   what="a new registration")
        wait_until(lambda: self.cluster.controller.key_count() == 4 + CHUNKS,
                   what="all chunks again")
        reply = self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(self.worker(reply, 1)["chunks"], {"done": CHUNKS})
        self.assertEqual(self.cluster.controller.key_count(), 0)

    def test_cancelling_keeps_what_is_done(self):
        event_id = self.begin_compress()
        event = self.post("/cancel", event_id=event_id)
        self.assertEqual(event["status"], "cancelled")
        done = self.worker(event, 1)["chunks"]["done"]
        self.assertGreater(done, 0)
        self.assertLess(done, CHUNKS)
        reply = self.post("/decompress", instance_id="a", location=CPU,
                          timeout_seconds=600)
        self.assertEqual(self.worker(reply, 1)["chunks"]["done"], done)

    def test_a_stopped_rank_says_later_what_it_did(self):
        event_id = self.begin_compress()
        self.ranks["a", 1].stop()
        event = self.post("/cancel", event_id=event_id)
        self.assertEqual(event["status"], "cancelled")
        self.assertEqual(self.worker(event, 1)["status"], "unknown")
        self.ranks["a", 1].cont()

        def corrected():
            found = self.post("/check_finish", event_id=event_id)
            return found if "corrected_at" in found else None
        event = wait_until(corrected, what="the correction")
        self.assertEqual(event["status"], "cancelled")
        self.assertEqual(self.worker(event, 1)["status"], "cancelled")
        done = self.worker(event, 1)["chunks"]["done"]
        reply = self.post("/decompress", instance_id="a", location=CPU,
                          timeout_seconds=600)
        self.assertEqual(self.worker(reply, 1)["chunks"]["done"], done)

    def test_a_controller_that_dies_takes_its_events_along(self):
        event_id = self.begin_compress()
        self.cluster.controller.kill()
        self.cluster.controller.start()
        self.cluster.wait_for_controller()
        self.post("/check_finish", 404, event_id=event_id)
        self.cluster.wait_for_workers({("a", 0), ("a", 1)})
        reply = self.post("/decompress", instance_id="a", location=CPU,
                          timeout_seconds=600)
        done = self.worker(reply, 1)["chunks"]["done"]
        self.assertGreater(done, 0)
        self.assertLess(done, CHUNKS)  # The workers had stopped.

    def test_nothing_is_lost_when_the_client_goes(self):
        client = http.client.HTTPConnection(
            HOST, self.cluster.controller.http_port)
        client.request("POST", "/compress", json.dumps(
            {"instance_id": "a", "location": CPU, "method": "zstd"}),
            {"Content-Type": "application/json"})

        def events():
            reply = self.cluster.controller.http.get("/events")
            return reply.json["events"]
        wait_until(events, what="the event")
        client.close()
        event = self.finish(events()[0]["event_id"])
        self.assertEqual(event["status"], "finished")
        self.assertEqual(self.worker(event, 1)["chunks"], {"done": CHUNKS})

    def test_a_lost_rank_is_asked_no_more(self):
        self.ranks["a", 1].kill()
        wait_until(lambda: ("a", 1) not in self.cluster.controller.workers(),
                   what="a/1 is lost")
        reply = self.post("/clear", 502, instance_id="a", location=CPU)
        ranks = {one["worker_id"]: one for one in reply["detail"]}
        self.assertEqual(ranks[0]["chunks"], {"done": 4})
        self.assertEqual(ranks[1]["status"], "failed")
        self.post("/check_finish", event_id=reply["event_id"])

    def test_instances_without_an_answer_are_504(self):
        for rank in range(2):
            self.ranks["a", rank].stop()
        reply = self.post("/clear", 504, instance_id="a", location=CPU,
                          timeout_seconds=0.5)
        self.assertEqual({one["status"] for one in reply["detail"]},
                         {"unknown"})
        health = self.post("/health", instance_id="a", timeout_seconds=0.5)
        self.assertEqual(health["error_codes"], {"0": -1004, "1": -1004})


class ManyEventsTest(ControlTest):
    CONTROLLER = {"max_running_events": 1024, "max_finished_events": 500,
                  "lmcache_worker_timeout": 60}

    def events(self, **parameters):
        query = "&".join(f"{key}={value}" for key, value in parameters.items())
        return self.cluster.controller.http.get(
            f"/events?{query}").json["events"]

    def wait_for_end_of_all(self):
        wait_until(lambda: not self.events(status="running"),
                   what="the end of all events")

    def test_two_hundred_at_once_all_end(self):
        self.start_instance("a", self.tokens, ranks=1,
                            flags=["--kv-dtype", "bfloat16"])
        self.ranks["a", 0].stop()
        started = []
        for number in range(200):
            path, fields = [("/compress", {"method": "zstd"}),
                            ("/decompress", {}),
                            ("/pin", {"tokens": self.tokens}),
                            ("/unpin", {"tokens": self.tokens})][number % 4]
            started.append(self.post(path, 202, instance_id="a", location=CPU,
                                     wait=False, **fields)["event_id"])
        self.assertEqual(len(self.events(status="running", limit=1000)), 200)
        self.ranks["a", 0].cont()
        for event_id in started:
            self.assertEqual(self.finish(event_id)["status"], "finished")
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})

    def test_finished_events_take_no_more_memory_than_configured(self):
        self.start_instance("a", self.tokens, ranks=1)

        def run(count):
            for _ in range(count):
                self.post("/pin", instance_id="a", location=CPU,
                          tokens=self.tokens[:256], ttl_seconds=1)
        run(1000)
        before = self.cluster.controller.resident_bytes()
        run(2000)
        after = self.cluster.controller.resident_bytes()
        self.assertEqual(len(self.events(limit=1000)), 500)
        self.assertLess(after - before, 4 << 20)

    def test_more_than_the_limit_are_refused(self):
        self.cluster.controller.terminate()
        self.cluster.start_controller(max_running_events=2,
                                      lmcache_worker_timeout=60)
        self.start_instance("a", self.tokens, ranks=1)
        self.ranks["a", 0].stop()
        for _ in range(2):
            self.post("/clear", 202, instance_id="a", location=CPU,
                      wait=False)
        self.post("/clear", 503, instance_id="a", location=CPU, wait=False)
        self.ranks["a", 0].cont()
        self.wait_for_end_of_all()
        self.post("/clear", instance_id="a", location=CPU)


if __name__ == "__main__":
    unittest.main()
