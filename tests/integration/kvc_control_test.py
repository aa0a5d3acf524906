"""The commands of kvc that begin control events and list them, with real
processes."""
import json
import unittest

from support.cluster import wait_until
from support.control import CPU
from support.kvc import KvcTest

CHUNK = 256


class CommandTest(KvcTest):
    def setUp(self):
        super().setUp()
        self.start_instance("a", tokens=self.tokens)
        self.prompt = self.cluster.write_prompt(self.tokens[:3 * CHUNK])

    def test_clears_but_for_the_pins(self):
        headline = self.expect(
            "RANK  STATE     TOKENS  CHUNKS    BEFORE     AFTER\n"
            "   0  finished     768  3 done  12.0 KiB  12.0 KiB\n"
            "   1  finished     768  3 done  12.0 KiB  12.0 KiB\n",
            "pin", "a", "--file", self.prompt, "--ttl", 3600)
        self.assertRegex(headline, r"^Pin[0-9a-f-]{36}: pin of a, finished, "
                         r"768 tokens, \d+ ms$")
        self.expect(
            "RANK  STATE     TOKENS  CHUNKS              BEFORE  AFTER\n"
            "   0  finished    1280  5 done, 3 pinned  20.0 KiB    0 B\n"
            "   1  finished    1280  5 done, 3 pinned  20.0 KiB    0 B\n",
            "clear", "a")
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 3 * CHUNK]})
        self.expect(
            "RANK  STATE     TOKENS  CHUNKS    BEFORE     AFTER\n"
            "   0  finished     768  3 done  12.0 KiB  12.0 KiB\n"
            "   1  finished     768  3 done  12.0 KiB  12.0 KiB\n",
            "unpin", "a", "--file", self.prompt)
        tokens = ",".join(map(str, self.tokens[:CHUNK]))
        self.expect(
            "RANK  STATE     TOKENS  CHUNKS   BEFORE  AFTER\n"
            "   0  finished     256  1 done  4.0 KiB    0 B\n"
            "   1  finished     256  1 done  4.0 KiB    0 B\n",
            "clear", "a", "--tokens", tokens, "--location", CPU)
        self.assertEqual(self.lookup(self.tokens), {})
        self.assertEqual(self.cluster.controller.key_count(), 2 * 2)

    def test_a_pin_ends_with_its_time(self):
        self.kvc("pin", "a", "--file", self.prompt, "--ttl", 0.5)

        def is_cleared():
            self.kvc("clear", "a", "--location", "cpu")
            return self.lookup(self.tokens) == {}
        wait_until(is_cleared, what="the pin has ended")

    def test_compresses_and_restores(self):
        self.start_instance("b", tokens=self.tokens, flags=[
            "--kv-dtype", "bfloat16", "--kv-shape", "256,8"])
        for method in ("zstd", "lz4", "int8"):
            code, out, _ = self.kvc("compress", "b", "--method", method)
            self.assertEqual(code, 0)
            self.assertRegex(
                out, r"\n   0  finished    2048  8 done  32.0 KiB  "
                r"[12]\d\.\d KiB\n   1  finished    2048  8 done  32.0 KiB")
            self.expect(
                "RANK  STATE     TOKENS  CHUNKS       BEFORE  AFTER\n"
                "   0  finished       0  8 unchanged     0 B    0 B\n"
                "   1  finished       0  8 unchanged     0 B    0 B\n",
                "compress", "b", "--method", method)
            code, out, _ = self.kvc("decompress", "b", "--file", self.prompt)
            self.assertEqual((code, out.count("  3 done  ")), (0, 2))
            code, out, _ = self.kvc("decompress", "b")
            self.assertEqual((code, out.count("  5 done, 3 unchanged  ")),
                             (0, 2))

    def test_prints_the_controllers_json(self):
        code, out, err = self.kvc("clear", "a", "--json")
        self.assertEqual((code, err), (0, ""))
        event = json.loads(out)
        self.assertEqual(event["num_tokens"], 2048)
        self.assertEqual(event, self.post("/check_finish",
                                          event_id=event["event_id"]))
        _, out, _ = self.kvc("events", event["event_id"], "--json")
        self.assertEqual(json.loads(out), event)
        code, out, _ = self.kvc("clear", "a", "--no-wait", "--json")
        self.assertEqual((code, json.loads(out)["status"]), (0, "running"))

    def test_an_empty_prompt_is_not_everything(self):
        for arguments in (["--tokens", ""], ["--tokens="]):
            self.assertEqual(self.kvc("clear", "a", *arguments)[0], 0)
        for arguments in (["--file", ""], ["--file="]):
            self.assertEqual(self.kvc("clear", "a", *arguments)[0], 2)
        self.assertEqual(self.lookup(self.tokens), {"a": [CPU, 2048]})

    def test_lists_events(self):
        self.assertEqual(self.kvc("events"), (1, "", "kvc: no such events\n"))
        ids = [self.expect_event("clear", "a"),
               self.expect_event("pin", "a", "--tokens", "1")]
        code, out, err = self.kvc("events")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([line.split()[0] for line in out.splitlines()],
                         ["EVENT", *reversed(ids)])
        _, out, _ = self.kvc("events", "--operation", "clear", "--state",
                             "finished")
        self.assertRegex(out, rf"\n{ids[0]} +clear +a +finished +2048 +"
                         r"16 of 16  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+ ms\n$")
        self.assertEqual(out.count("\n"), 2)
        self.assertEqual(self.kvc("events", "--limit", 1)[1].count("\n"), 2)
        self.assertEqual(self.kvc("events", "--state", "failed")[0], 1)
        self.assertIn("8 done", self.kvc("events", ids[0])[1])

    def expect_event(self, *arguments):
        code, out, _ = self.kvc(*arguments)
        self.assertEqual(code, 0)
        return out.partition(":")[0]

    def test_tells_what_is_refused(self):
        for arguments in (["clear", "x"], ["pin", "x", "--tokens", 1],
                          ["compress", "x", "--method", "zstd"]):
            self.assertEqual(self.kvc(*arguments), (
                4, "",
                "kvc: the controller answered 404: unknown_instance: x\n"))
        self.assertEqual(self.kvc("clear", "a", "--location", "disk")[0], 4)
        for command in ("wait", "cancel", "events"):
            self.assertEqual(self.kvc(command, "Clear0"), (
                4, "",
                "kvc: the controller answered 404: unknown_event: Clear0\n"))
        self.assertEqual(self.kvc("events", "--operation", "x")[0], 4)
        self.assertEqual(
            self.kvc("clear", "a", "--event-timeout", 1e6)[0], 4)

    def test_refuses_command_lines_that_make_no_sense(self):
        for arguments in (
                ["clear"], ["clear", "a", "--location", "tape"],
                ["clear", "a", "--tokens", "x"],
                ["clear", "a", "--tokens", "1", "--file", self.prompt],
                ["clear", "a", "--method", "zstd"],
                ["pin", "a"], ["unpin", "a"],
                ["pin", "a", "--tokens", "1", "--ttl", "0"],
                ["compress", "a"], ["compress", "a", "--method", "gzip"],
                ["clear", "a", "--event-timeout", "-1"],
                ["events", "--limit", "0"], ["events", "--state", "done"],
                ["events", "Clear0", "--state", "failed"],
                ["wait"], ["wait", "Clear0", "--for", "-1"], ["cancel"]):
            with self.subTest(arguments):
                code, out, err = self.kvc(*arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertNotEqual(err, "")
        self.assertEqual(self.kvc("events")[0], 1)


class HealthTest(KvcTest):
    CONTROLLER = {"lmcache_worker_timeout": 3600, "health_timeout": 2}

    def test_lists_a_silent_rank(self):
        self.start_instance("a", tokens=self.tokens)
        self.assertEqual(self.kvc("health", "a")[0], 0)
        self.ranks["a", 1].stop()
        self.assertEqual(self.kvc("health", "a"), (
            1,
            "RANK   CODE  STATE\n"
            "   0      0  healthy\n"
            "   1  -1004  no answer in time\n",
            ""))
        code, out, err = self.kvc("health", "a", "--timeout", 0.5)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("timed_out", err)
        self.assertEqual(self.kvc("health", "x"), (
            4, "", "kvc: the controller answered 404: unknown_instance: x\n"))


class ImpatientControllerTest(KvcTest):
    CONTROLLER = {"lmcache_worker_timeout": 3600, "event_wait": 0.5}

    def test_health_says_how_to_wait_on(self):
        self.start_instance("a", tokens=self.tokens)
        self.ranks["a", 1].stop()
        code, out, err = self.kvc("health", "a")
        self.assertEqual((code, out), (6, ""))
        event_id = self.running()
        self.assertEqual(err, "kvc: some ranks have not answered yet: kvc wait "
                         f"{event_id} waits for them\n")
        code, out, _ = self.kvc("wait", event_id)
        self.assertEqual(code, 5)
        self.assertEqual(
            out.split("\n", 1)[1],
            "RANK  STATE      CODE  ERROR\n"
            "   0  finished      0\n"
            "   1  unknown   -1004  no answer in time\n")


if __name__ == "__main__":
    unittest.main()
