"""What a stopped worker finds in its socket when it goes on: nothing of an event
that has ended is carried out, and its record says what was."""
import unittest

from support.cluster import wait_until
from support.control import CPU, ControlTest


class LateCommandTest(ControlTest):
    CONTROLLER = {"lmcache_worker_timeout": 30}

    def setUp(self):
        super().setUp()
        self.start_instance("a", self.tokens, ranks=1)
        self.rank = self.ranks["a", 0]
        self.rank.stop()

    def corrected(self, event_id):
        def event():
            found = self.post("/check_finish", event_id=event_id)
            return found if "corrected_at" in found else None
        return wait_until(event, what="the correction")

    def expect_all_chunks(self):
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})
        reply = self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(reply["workers"][0]["chunks"], {"done": 8})

    def test_what_was_cancelled_is_not_done(self):
        begun = self.post("/clear", 202, instance_id="a", location=CPU,
                          wait=False)
        event = self.post("/cancel", event_id=begun["event_id"])
        self.assertEqual(event["status"], "cancelled")
        self.assertEqual(event["workers"][0]["status"], "unknown")
        self.assertNotIn("corrected_at", event)
        self.rank.cont()
        event = self.corrected(begun["event_id"])
        self.assertEqual(event["status"], "cancelled")
        self.assertEqual(event["workers"][0]["status"], "cancelled")
        self.assertEqual(event["num_tokens"], 0)
        self.expect_all_chunks()

    def test_what_was_answered_with_504_is_not_done(self):
        reply = self.post("/clear", 504, instance_id="a", location=CPU,
                          timeout_seconds=0.5)
        self.assertEqual(reply["detail"][0]["status"], "unknown")
        self.rank.cont()
        event = self.corrected(reply["event_id"])
        self.assertEqual(event["status"], "failed")
        self.assertEqual(event["workers"][0]["status"], "failed")
        self.assertIn("too_late", event["workers"][0]["error"])
        self.expect_all_chunks()

    def test_a_pin_that_was_answered_with_504_pins_nothing(self):
        reply = self.post("/pin", 504, instance_id="a", location=CPU,
                          tokens=self.tokens, timeout_seconds=0.5)
        self.rank.cont()
        self.corrected(reply["event_id"])
        self.expect_all_chunks()

    def test_what_a_dead_controller_asked_is_not_done(self):
        self.post("/clear", 202, instance_id="a", location=CPU, wait=False,
                  timeout_seconds=60)
        self.cluster.controller.kill()
        self.rank.cont()
        self.cluster.controller.start()
        self.cluster.wait_for_controller()
        wait_until(lambda: self.lookup(self.tokens) == {"a": [CPU, 2048]},
                   what="all chunks")
        self.expect_all_chunks()

    def test_what_waits_is_done_while_its_event_runs(self):
        begun = self.post("/clear", 202, instance_id="a", location=CPU,
                          wait=False, timeout_seconds=60)
        self.rank.cont()
        event = self.finish(begun["event_id"])
        self.assertEqual(event["status"], "finished")
        self.assertEqual(event["num_tokens"], 2048)


if __name__ == "__main__":
    unittest.main()
