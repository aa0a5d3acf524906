"""Moves and copies between instances and locations, with real processes."""

import sys

from support.cluster import wait_until
from support.control import CPU, DISK, random_tokens
from support.peers import PeerTest


class MoveTest(PeerTest):
    def test_moves_all_chunks_rank_by_rank(self):
        self.start_holders("a", self.tokens)
        self.start_watchers("b", self.tokens)
        answer = self.move("a", "b")
        self.assertEqual(answer["num_tokens"], 2048)
        self.assertEqual([(x["instance_id"], x["worker_id"], x["chunks"])
                          for x in answer["workers"]],
                         [("b", 0, {"done": 8}), ("b", 1, {"done": 8})])
        self.assertTrue(answer["event_id"].startswith("Move"))
        # Right after the answer, without waiting.
        self.assertEqual(self.lookup(self.tokens), {"b": [CPU, 2048]})
        self.wait_for_bytes_right("b", 2048)
        self.wait_for_bytes_right("a", 0)
        event = self.post("/check_finish", event_id=answer["event_id"])
        self.assertEqual(event["status"], "finished")
        self.assertEqual(event["old_position"], ["a", CPU])
        self.assertEqual(event["new_position"], ["b", CPU])
        self.assertEqual(event["chunks_done"], 16)

    def test_copies_what_is_named(self):
        self.start_holders("a", self.tokens)
        self.start_watchers("b", self.tokens)
        answer = self.move("a", "b", tokens=self.tokens[:1024], copy=True)
        self.assertEqual(answer["num_tokens"], 1024)
        self.assertEqual(self.lookup(self.tokens),
                         {"a": [CPU, 2048], "b": [CPU, 1024]})
        # The rest, which overlaps.
        answer = self.move("a", "b", tokens=self.tokens, should_copy=True)
        self.assertEqual(answer["num_tokens"], 1024)
        self.assertIn("8 chunks were there already", answer["message"])
        self.assertEqual(self.lookup(self.tokens)["b"], [CPU, 2048])
        self.wait_for_bytes_right("a", 2048)
        self.wait_for_bytes_right("b", 2048)

    def test_keeps_pinned_chunks_at_the_source_too(self):
        self.start_holders("a", self.tokens)
        self.start_watchers("b", self.tokens)
        self.post("/pin", instance_id="a", location=CPU,
                  tokens=self.tokens[:512])
        answer = self.move("a", "b", tokens=self.tokens)
        self.assertEqual(answer["workers"][0]["chunks"],
                         {"done": 6, "pinned": 2})
        self.assertEqual(self.lookup(self.tokens),
                         {"a": [CPU, 512], "b": [CPU, 2048]})

    def test_leaves_at_the_source_what_does_not_fit(self):
        # Room for 3 of 8 chunks of 64 KiB, and the source is untouched beyond.
        self.start_holders("a", self.tokens, ["--chunk-bytes", 65536])
        self.start_watchers("b", self.tokens, ["--chunk-bytes", 65536],
                            max_local_cpu_size=3 * 65536 / 2**30)
        answer = self.move("a", "b", tokens=self.tokens)
        self.assertEqual(answer["num_tokens"], 768)
        self.assertEqual(answer["workers"][1]["chunks"],
                         {"done": 3, "no_room": 5})
        self.assertIn("want of room", answer["message"])
        self.assertEqual(self.lookup(self.tokens), {"b": [CPU, 768]})
        self.wait_for_bytes_right("b", 768)

    def test_says_why_chunks_of_another_format_stay(self):
        def flags(dtype):
            return ["--kv-dtype", dtype, "--kv-shape", "256,8"]

        self.start_holders("a", self.tokens, flags("bfloat16"))
        self.start_watchers("b", self.tokens, flags("float16"))
        answer = self.move("a", "b")
        self.assertEqual(answer["num_tokens"], 0)
        self.assertEqual(answer["message"],
                         "16 chunks not of the destination's format")
        for worker in answer["workers"]:
            self.assertEqual(worker["chunks"], {"unsuitable": 8})
            self.assertEqual(worker["error"],
                             "the peer's chunks are bfloat16 of 256x8, ours "
                             "float16 of 256x8")
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})
        self.wait_for_bytes_right("a", 2048)

    def test_names_what_forbids_a_move(self):
        self.start_holders("a", self.tokens)
        self.start_peers("single", ranks=1)
        self.start_instance("plain", random_tokens(256, 2))
        self.wait_for_ranks("single", 1)
        cases = [
            (404, "unknown_instance: none", "none", "a"),
            (404, "unknown_instance: none", "a", "none"),
            (404, "unknown_location: Nowhere", ["a", "Nowhere"], "a"),
            (404, "unknown_location: LocalDiskBackend of a/0", "a",
             ["a", DISK]),
            (409, "shapes_differ: a has 2 ranks, single has 1", "a", "single"),
            (409, "p2p_disabled: plain/0 runs without enable_p2p", "a",
             "plain"),
            (422, "invalid_request: old_position and new_position are the "
                  "same", "a", "a"),
        ]
        for status, detail, source, destination in cases:
            with self.subTest(detail):
                self.assertEqual(
                    self.move(source, destination, status)["detail"], detail)
        reply = self.post("/move", 422, old_position="a", new_position=["b"])
        self.assertEqual([x["loc"] for x in reply["detail"]],
                         [["body", "old_position"], ["body", "new_position"]])
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})

    def test_moves_between_memory_and_disk(self):
        disk = self.cluster.directory / "disk"
        prompt = self.cluster.write_prompt(self.tokens)
        self.start_peers("a", flags=["--prompt", prompt],
                         local_disk=str(disk), max_local_disk_size=1)
        self.wait_for_ranks("a")
        for rank in (0, 1):
            wait_until(lambda: self.usage("a", rank)[DISK]["key_count"] == 8,
                       what="the write-behind")
        answer = self.move("a", ["a", DISK])
        self.assertEqual(answer["workers"][0]["chunks"], {"unchanged": 8})
        self.assertEqual(self.lookup(self.tokens), {"a": [DISK, 2048]})
        answer = self.move(["a", DISK], "a", tokens=self.tokens[:1024])
        self.assertEqual(answer["num_tokens"], 1024)
        self.assertEqual(self.lookup(self.tokens[:1024]), {"a": [CPU, 1024]})
        # Now really written, not found there.
        answer = self.move("a", ["a", DISK], tokens=self.tokens[:1024],
                           copy=True)
        self.assertEqual(answer["num_tokens"], 1024)
        self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(self.lookup(self.tokens), {"a": [DISK, 2048]})
        answer = self.move(["a", DISK], "a")
        self.assertEqual(answer["num_tokens"], 2048)
        self.start_watchers("b", self.tokens)
        self.move("a", "b")
        self.wait_for_bytes_right("b", 2048)

    def test_moves_between_instances_from_and_to_disk(self):
        prompt = self.cluster.write_prompt(self.tokens)
        for name, flags in (("a", ["--prompt", prompt]), ("b", [])):
            self.start_peers(name, flags=flags, max_local_disk_size=1,
                             local_disk=str(self.cluster.directory / name))
            self.wait_for_ranks(name)
        self.start_watchers("c", self.tokens)
        for rank in (0, 1):
            wait_until(lambda: self.usage("a", rank)[DISK]["key_count"] == 8,
                       what="the write-behind")
        self.post("/clear", instance_id="a", location=CPU)
        for source, destination in ((["a", DISK], ["b", DISK]),
                                    (["b", DISK], ["b", CPU]),
                                    (["b", CPU], ["a", DISK]),
                                    (["a", DISK], ["c", CPU])):
            answer = self.move(source, destination)
            self.assertEqual(answer["num_tokens"], 2048)
            self.assertEqual([x["chunks"] for x in answer["workers"]],
                             [{"done": 8}] * 2)
            # Of what passes through memory on the way, nothing is found.
            self.assertEqual(self.lookup(self.tokens),
                             {destination[0]: [destination[1], 2048]})
        self.wait_for_bytes_right("c", 2048)
        # What the others hold, they hold nowhere.
        for name in ("a", "b"):
            wait_until(lambda: not any(x["used_bytes"] for x in
                                       self.usage(name).values()),
                       what=f"{name} holds nothing")

    def test_moves_compressed_chunks_as_they_are(self):
        self.start_holders("a", self.tokens)
        self.start_watchers("b", self.tokens)
        self.post("/compress", instance_id="a", location=CPU, method="zstd")
        answer = self.move("a", "b")
        self.assertEqual(answer["num_tokens"], 2048)
        self.wait_for_bytes_right("b", 2048)


class LargeMoveTest(PeerTest):
    """512 chunks of 2 MiB in each of two ranks."""
    CHUNKS = 512

    def test_moves_and_copies_512_chunks_of_2_mib(self):
        tokens = random_tokens(256 * self.CHUNKS)
        count = len(tokens)
        flags = ["--chunk-bytes", 2 << 20]
        self.start_holders("a", tokens, flags, max_local_cpu_size=1.01)
        self.start_watchers("b", tokens, flags, max_local_cpu_size=1.01)
        self.assertEqual(self.lookup(tokens), {"a": [CPU, count]})
        event_id = self.move("a", "b", 202, wait=False,
                             copy=True)["event_id"]
        # During it, the source holds everything and the destination a part.
        while self.post("/check_finish",
                        event_id=event_id)["status"] == "running":
            self.assertEqual(self.lookup(tokens)["a"], [CPU, count])
        event = self.finish(event_id)
        self.assertEqual(event["num_tokens"], count, event)
        print([round(x["gb_per_second"], 2) for x in event["workers"]],
              "GB/s", file=sys.stderr)
        self.assertEqual(self.lookup(tokens),
                         {"a": [CPU, count], "b": [CPU, count]})
        self.wait_for_bytes_right("b", count)
        self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(self.move("b", "a")["num_tokens"], count)
        self.assertEqual(self.lookup(tokens), {"a": [CPU, count]})
        self.wait_for_bytes_right("a", count)
        self.wait_for_bytes_right("b", 0)


class TcpLargeMoveTest(LargeMoveTest):
    """The same over TCP, as between hosts."""
    P2P = {"p2p_transport": "tcp"}


class BrokenMoveTest(PeerTest):
    CHUNKS = 3000

    def begin(self, **fields):
        """Begins a move of many chunks, too large to be over at once."""
        self.many = random_tokens(256 * self.CHUNKS, 3)
        self.start_holders("a", self.many, ["--chunk-bytes", 65536],
                           max_local_cpu_size=0.5)
        self.start_watchers("b", self.many, ["--chunk-bytes", 65536],
                            max_local_cpu_size=0.5)
        return self.move("a", "b", 202, wait=False, **fields)["event_id"]

    def test_answers_at_once_and_moves_on(self):
        event = self.finish(self.begin())
        self.assertEqual(event["status"], "finished", event)
        self.assertEqual(event["num_tokens"], len(self.many))
        self.assertGreater(event["workers"][0]["gb_per_second"], 0)
        self.assertEqual(self.lookup(self.many), {"b": [CPU, len(self.many)]})

    def test_loses_nothing_when_the_source_stops(self):
        self.start_holders("a", self.tokens)
        self.start_watchers("b", self.tokens)
        self.ranks["a", 1].stop()
        answer = self.move("a", "b", 502, timeout_seconds=4)
        self.assertEqual(answer["status"], "failed")
        ranks = answer["detail"]
        self.assertEqual([x["status"] for x in ranks], ["finished", "failed"])
        self.assertTrue(ranks[1]["error"])
        self.ranks["a", 1].cont()
        # Rank 0 has moved; the chunks of rank 1 are where they were.
        self.wait_for_told("a", 1, 2048)
        self.wait_for_told("b", 0, 2048)
        self.check_no_wrong_bytes()

    def test_loses_nothing_when_the_destination_dies(self):
        event_id = self.begin()
        self.ranks["b", 0].kill()
        event = self.finish(event_id)
        if event["status"] == "failed":
            error = event["workers"][0]["error"]
            self.assertIn("gone", error)
            self.wait_for_told("a", 0, len(self.many))
        self.check_no_wrong_bytes()

    def test_loses_nothing_when_the_source_dies(self):
        event_id = self.begin(timeout_seconds=30)
        self.ranks["a", 0].kill()
        event = self.finish(event_id)
        self.assertIn(event["status"], ["failed", "finished"])
        if event["status"] == "failed":
            self.assertTrue(event["workers"][0]["error"])
        self.check_no_wrong_bytes()

    def test_loses_no_file_when_the_source_dies(self):
        count = 1000
        many = random_tokens(256 * count, 3)
        flags = ["--chunk-bytes", 65536]
        disk = self.cluster.directory / "a"
        files = disk / "a" / "0"  # Of the rank that dies.
        self.start_peers("a", flags=[*flags, "--prompt",
                                     self.cluster.write_prompt(many)],
                         max_local_cpu_size=0.5, local_disk=str(disk),
                         max_local_disk_size=1)
        self.wait_for_ranks("a")
        self.start_watchers("b", many, flags, max_local_cpu_size=0.5)
        for rank in (0, 1):
            wait_until(lambda: self.usage("a", rank)[DISK]["key_count"] ==
                       count, what="the write-behind")
        self.post("/clear", instance_id="a", location=CPU)
        self.assertEqual(len(list(files.glob("**/*.chunk"))), count)
        event_id = self.move(["a", DISK], "b", 202, wait=False,
                             timeout_seconds=30)["event_id"]
        wait_until(lambda: self.post("/check_finish", event_id=event_id)
                   ["chunks_done"] > 0, what="the first chunks")
        self.ranks["a", 0].kill()
        event = self.finish(event_id)
        self.assertEqual(event["workers"][1]["status"], "finished", event)
        self.wait_for_told("b", 1, len(many))
        # A file is gone only if the destination has everything.
        if len(list(files.glob("**/*.chunk"))) < count:
            self.wait_for_told("b", 0, len(many))
        self.check_no_wrong_bytes()

    def test_ends_with_its_controller(self):
        self.begin()
        controller = self.cluster.controller
        controller.kill()
        controller.start()
        self.cluster.wait_for_controller()
        # Whatever was done, both ranks hold the whole between them.
        wait_until(lambda: self.lookup(self.many), what="a lookup")
        for rank in (0, 1):
            def together(rank=rank):
                told = [self.last_told(self.ranks[name, rank])
                        for name in ("a", "b")]
                return any(f"tokens={len(self.many)} " in x for x in told)
            wait_until(together, what=f"rank {rank} holds all")
        # No lease is left: everything can be cleared.
        for instance in ("a", "b"):
            wait_until(lambda: "in use" not in self.post(
                "/clear", instance_id=instance, location=CPU).get(
                    "message", ""), what="no lease is left")
        self.check_no_wrong_bytes()

    def test_is_cancelled_with_nothing_lost(self):
        event_id = self.begin()
        event = self.post("/cancel", event_id=event_id)
        self.assertIn(event["status"], ["cancelled", "finished"])
        if event["status"] == "cancelled":
            self.assertEqual(self.lookup(self.many)["a"],
                             [CPU, len(self.many)])
        self.check_no_wrong_bytes()

    def wait_for_told(self, instance, rank, count):
        told = f"holds prompt tokens={count} wrong_bytes=0 "
        worker = self.ranks[instance, rank]
        wait_until(lambda: self.last_told(worker).startswith(told),
                   what=f"{worker.name} holds {count} tokens")


class TcpMoveTest(MoveTest):
    """The same over TCP, as between hosts."""
    P2P = {"p2p_transport": "tcp"}
