"""Every control route, with real processes: what it answers, and that the
caches and the index are afterwards as it said."""
import time
import unittest

from support.cluster import ClusterTest, wait_until
from support.control import CPU, DISK, ControlTest, random_tokens

CHUNK = 256
BYTES_PER_TOKEN = 16  # kvc-worker's --chunk-bytes, unless another is given.


class ClearTest(ControlTest):
    def test_clear_empties_a_location_before_it_answers(self):
        self.start_instance("a", tokens=self.tokens)
        reply = self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(reply["num_tokens"], 8 * CHUNK)
        self.assertTrue(reply["event_id"].startswith("Clear"))
        self.assertEqual(self.lookup(self.tokens), {})
        self.assertEqual(self.cluster.controller.key_count(), 0)
        again = self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(again["num_tokens"], 0)

    def test_clear_of_a_prompt_leaves_the_others(self):
        other = random_tokens(512, seed=2)
        self.start_instance("a", tokens=self.tokens + other[:0])
        self.start_instance("b", tokens=other)
        reply = self.post("/clear", instance_id="a", location=CPU,
                          tokens=self.tokens[4 * CHUNK:])
        self.assertEqual(reply["num_tokens"], 0)  # Another prefix.
        reply = self.post("/clear", instance_id="a", location=CPU,
                          tokens=self.tokens[:4 * CHUNK])
        self.assertEqual(reply["num_tokens"], 4 * CHUNK)
        self.assertEqual(self.lookup(self.tokens), {})
        self.assertEqual(self.lookup(other), {"b": [CPU, 512]})
        self.assertEqual(self.cluster.controller.key_count(), 2 * 4 + 2 * 2)

    def test_clear_skips_what_is_pinned(self):
        self.start_instance("a", tokens=self.tokens)
        pinned = self.post("/pin", instance_id="a", location=CPU,
                           tokens=self.tokens[:3 * CHUNK])
        self.assertEqual(pinned["num_tokens"], 3 * CHUNK)
        cleared = self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(cleared["num_tokens"], 5 * CHUNK)
        for worker in cleared["workers"]:
            self.assertEqual(worker["chunks"]["pinned"], 3)
            self.assertEqual(worker["chunks"]["done"], 5)
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 3 * CHUNK]})
        unpinned = self.post("/unpin", instance_id="a", location=CPU,
                             tokens=self.tokens[:3 * CHUNK])
        self.assertEqual(unpinned["num_tokens"], 3 * CHUNK)
        self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(self.lookup(self.tokens), {})


class PinTest(ControlTest):
    def test_a_pin_says_how_far_the_prefix_reaches(self):
        self.start_instance("a", tokens=self.tokens[:5 * CHUNK])
        reply = self.post("/pin", instance_id="a", location=CPU,
                          tokens=self.tokens)
        self.assertEqual(reply["num_tokens"], 5 * CHUNK)
        for worker in reply["workers"]:
            self.assertEqual(worker["chunks"],
                             {"done": 5, "absent": 3})

    def test_a_pin_ends_with_its_time(self):
        self.start_instance("a", tokens=self.tokens)
        self.post("/pin", instance_id="a", location=CPU, tokens=self.tokens,
                  ttl_seconds=1)

        def is_cleared():
            self.post("/clear", instance_id="a", location=CPU)
            return self.lookup(self.tokens) == {}
        self.assertFalse(is_cleared())
        wait_until(is_cleared, what="the pin has ended")

    def test_pins_are_counted(self):
        self.start_instance("a", tokens=self.tokens)
        for _ in range(2):
            self.post("/pin", instance_id="a", location=CPU,
                      tokens=self.tokens)
        self.post("/unpin", instance_id="a", location=CPU, tokens=self.tokens)
        self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})


class CompressTest(ControlTest):
    def test_compress_and_back(self):
        self.start_instance("a", tokens=self.tokens,
                            flags=["--kv-dtype", "bfloat16"])
        # What a rank said in its hello may be older than its prompt, whose
        # chunks the index knows before the rank says how many bytes they take.
        before = 8 * CHUNK * BYTES_PER_TOKEN
        self.wait_for_bytes("a", lambda used: used == before)
        for method in ("zstd", "lz4"):
            reply = self.post("/compress", instance_id="a", location=CPU,
                              method=method)
            self.assertEqual(reply["num_tokens"], 8 * CHUNK)
            self.wait_for_bytes("a", lambda used: used < 0.8 * before)
            twice = self.post("/compress", instance_id="a", location=CPU,
                              method=method)
            self.assertEqual(twice["num_tokens"], 0)
            self.assertIn("already", twice["message"])
            self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})
            reply = self.post("/decompress", instance_id="a", location=CPU,
                              method=method, tokens=None)
            self.assertEqual(reply["num_tokens"], 8 * CHUNK)
            self.wait_for_bytes("a", lambda used: used == before)

    def test_int8_wants_a_format(self):
        self.start_instance("a", tokens=self.tokens)
        reply = self.post("/compress", instance_id="a", location=CPU,
                          method="int8")
        self.assertEqual(reply["num_tokens"], 0)
        for worker in reply["workers"]:
            self.assertEqual(worker["chunks"], {"unsuitable": 8})
        self.start_instance("b", tokens=self.tokens, flags=[
            "--kv-dtype", "bfloat16", "--kv-shape", "2,4,256,64",
            "--chunk-bytes", str(2 * 4 * 256 * 64 * 2)])
        reply = self.post("/compress", instance_id="b", location=CPU,
                          method="int8")
        self.assertEqual(reply["num_tokens"], 8 * CHUNK)


class DiskTest(ControlTest):
    def test_chunks_survive_a_kill_on_disk(self):
        worker = self.start_disk_worker("a", self.tokens)
        self.wait_for_disk("a", 8)
        worker.kill()
        wait_until(lambda: self.lookup(self.tokens) == {}, what="a is gone")
        worker.command = worker.command[:-2]  # Without its --prompt.
        worker.start()
        wait_until(lambda: self.lookup(self.tokens) == {"a": [DISK, 2048]},
                   what="the disk's chunks are back")

    def test_each_location_is_cleared_alone(self):
        self.start_disk_worker("a", self.tokens)
        self.wait_for_disk("a", 8)
        self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(self.lookup(self.tokens), {"a": [DISK, 2048]})
        self.post("/compress", instance_id="a", location=DISK, method="zstd")
        self.post("/pin", instance_id="a", location=DISK,
                  tokens=self.tokens[:CHUNK])
        reply = self.post("/clear", instance_id="a", location=DISK)
        self.assertEqual(reply["num_tokens"], 7 * CHUNK)
        self.assertEqual(self.lookup(self.tokens), {"a": [DISK, CHUNK]})

    def test_damaged_files_fail_the_event_and_nothing_else(self):
        self.start_disk_worker("a", self.tokens)
        self.wait_for_disk("a", 8)
        gone, damaged, *_ = sorted(
            (self.cluster.directory / "disk/a/0").rglob("*.chunk"))
        gone.unlink()
        content = bytearray(damaged.read_bytes())
        content[-1] ^= 1
        damaged.write_bytes(content)
        reply = self.post("/compress", 502, instance_id="a", location=DISK,
                          method="zstd")
        rank, = reply["detail"]
        self.assertEqual(rank["chunks"]["failed"], 2)
        self.assertIn("2 chunks", rank["error"])
        event = self.post("/check_finish", event_id=reply["event_id"])
        self.assertEqual(event["status"], "failed")
        self.assertEqual(event["workers"], reply["detail"])
        self.wait_for_disk("a", 6)
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})
        health = self.post("/health", instance_id="a")
        self.assertEqual(health["error_codes"], {"0": 0})

    def start_disk_worker(self, instance, tokens):
        worker = self.cluster.start_worker(
            instance, flags=["--prompt", self.cluster.write_prompt(tokens)],
            local_disk=str(self.cluster.directory / "disk"),
            max_local_disk_size=0.1)
        self.cluster.wait_for_workers({(instance, 0)})
        return worker

    def wait_for_disk(self, instance, chunks):
        wait_until(lambda: self.usage(instance)[DISK]["key_count"] == chunks,
                   what=f"{chunks} chunks on disk")


class ErrorTest(ControlTest):
    """What is refused before anything starts, and what is bad input."""

    def setUp(self):
        super().setUp()
        self.start_instance("a", tokens=self.tokens)

    def expect(self, status, path, fields, *words):
        reply = self.cluster.controller.http.post(path, fields)
        self.assertEqual(reply.status, status, reply)
        for word in words:
            self.assertIn(word, reply.body.decode())

    def test_unknown_names_are_404(self):
        for path in ("/clear", "/pin", "/unpin", "/compress", "/decompress"):
            fields = {"instance_id": "x", "location": CPU, "tokens": [1],
                      "method": "zstd"}
            self.expect(404, path, fields, "unknown_instance")
            self.expect(404, path, fields | {"instance_id": "a",
                                             "location": DISK}, "location")
            self.expect(404, path, fields | {"instance_id": "a",
                                             "location": "Tape"}, "location")
        self.expect(404, "/health", {"instance_id": "x"})
        for path in ("/check_finish", "/cancel"):
            self.expect(404, path, {"event_id": "Clear0"}, "unknown_event")
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})

    def test_bad_fields_are_422(self):
        good = {"instance_id": "a", "location": CPU, "tokens": [1],
                "method": "zstd"}
        for path, field, value in [
                ("/clear", "instance_id", None), ("/clear", "location", 7),
                ("/clear", "tokens", "x"), ("/pin", "tokens", [-1]),
                ("/pin", "ttl_seconds", -1), ("/clear", "wait", "maybe"),
                ("/clear", "timeout_seconds", 1e9),
                ("/clear", "timeout_seconds", 0)]:
            self.expect(422, path, good | {field: value}, field)
        self.expect(422, "/compress", good | {"method": "gzip"}, "zstd",
                    "lz4", "int8")
        self.expect(422, "/pin", {"instance_id": "a", "location": CPU},
                    "tokens")
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})

    def test_other_methods_are_405(self):
        self.assertEqual(
            self.cluster.controller.http.get("/clear").status, 405)
        self.expect(405, "/events", {})


if __name__ == "__main__":
    unittest.main()
