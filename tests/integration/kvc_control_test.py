"""The commands of kvc that begin control events and follow them, with real
processes. A rank that is stopped keeps an event running."""
import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import unittest

from support.cluster import BIN, PATIENCE, wait_until
from support.control import CPU, ControlTest

CHUNK = 256
INTERRUPTED = 130


class Terminal:
    """A kvc with a terminal for all its streams."""

    def __init__(self, arguments, env):
        self.output = ""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execve(BIN / "kvc", ["kvc", *map(str, arguments)], env)

    def read_until(self, pattern):
        """Reads on until the output matches; returns the match."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.output)):
            assert self._read(end - time.monotonic()), repr(self.output)
        return found

    def write(self, text):
        os.write(self.master, text)

    def wait(self):
        """Reads all that is left and returns the exit code."""
        while self._read(PATIENCE):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.master)

    def _read(self, seconds):
        if not select.select([self.master], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # So a terminal says that nobody has it any more.
            return False
        self.output += data.decode()
        return bool(data)


class KvcTest(ControlTest):
    CONTROLLER = {"lmcache_worker_timeout": 3600}

    def setUp(self):
        super().setUp()
        self.env = {
            "KVC_URL": f"http://127.0.0.1:{self.cluster.controller.http_port}",
            "TERM": "xterm"}

    def kvc(self, *arguments):
        """Returns the exit code, standard output and standard error."""
        done = subprocess.run(
            [BIN / "kvc", *map(str, arguments)], text=True, env=self.env,
            capture_output=True, timeout=PATIENCE, check=False)
        return done.returncode, done.stdout, done.stderr

    def start_kvc(self, *arguments):
        process = subprocess.Popen(
            [BIN / "kvc", *map(str, arguments)], text=True, env=self.env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start_terminal(self, *arguments):
        terminal = Terminal(arguments, self.env)
        self.addCleanup(terminal.close)
        return terminal

    def expect(self, expected, *arguments):
        """Runs a command that has to print this table below the headline."""
        code, out, err = self.kvc(*arguments)
        self.assertEqual((code, err), (0, ""))
        headline, table = out.split("\n", 1)
        self.assertEqual(table, expected)
        return headline

    def running(self):
        """Returns the one event that runs, once it does."""
        def events():
            reply = self.cluster.controller.http.get("/events?status=running")
            return reply.json["events"]
        return wait_until(events, what="an event runs")[0]["event_id"]

    def start_stuck(self, *arguments):
        """Returns the id of an event that waits for rank 1, not rank 0."""
        self.ranks["a", 1].stop()
        code, out, err = self.kvc("clear", "a", "--event-timeout", 600,
                                  "--no-wait", *arguments)
        self.assertEqual((code, err), (0, ""))
        event_id = out.rstrip("\n")
        self.wait_for_rank_0(event_id)
        return event_id

    def wait_for_rank_0(self, event_id):
        def rank_0_is_done():
            event = self.post("/check_finish", event_id=event_id)
            return event["workers"][0]["status"] == "finished"
        wait_until(rank_0_is_done, what="rank 0 is done")


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
        self.assertEqual(self.kvc("clear", "a", "--tokens", "")[0], 0)
        for arguments in (["--tokens="], ["--file", ""], ["--file="]):
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


class FollowTest(KvcTest):
    """What kvc does while an event runs."""

    def setUp(self):
        super().setUp()
        self.start_instance("a", tokens=self.tokens)

    def test_says_which_rank_failed(self):
        self.ranks["a", 1].stop()
        code, out, err = self.kvc("clear", "a", "--event-timeout", 3)
        self.assertEqual(code, 5)
        self.assertRegex(out, "^Clear.*: clear of a, failed, 2048 tokens")
        self.assertEqual(
            out.split("\n", 1)[1],
            "RANK  STATE     TOKENS  CHUNKS    BEFORE  AFTER  ERROR\n"
            "   0  finished    2048  8 done  32.0 KiB    0 B\n"
            "   1  failed         0  -            0 B    0 B  "
            "no answer in time\n")
        self.assertEqual(  # One line, because nothing changed any more.
            err, "kvc: clear: 8 of 8 chunks, 1 of 2 ranks done\n"
            "kvc: the event has failed\n")

    def test_waits_for_the_end(self):
        event_id = self.start_stuck()
        waiting = self.start_kvc("wait", event_id)
        self.assertEqual(
            waiting.stderr.readline(),
            "kvc: clear: 8 of 8 chunks, 1 of 2 ranks done\n")
        self.ranks["a", 1].cont()
        out, err = waiting.communicate(timeout=PATIENCE)
        self.assertEqual((waiting.returncode, err), (0, ""))
        self.assertRegex(out, f"^{event_id}: clear of a, finished, 2048 ")
        self.assertEqual(self.kvc("wait", event_id), (0, out, ""))

    def test_waits_no_longer_than_asked(self):
        event_id = self.start_stuck()
        started = time.monotonic()
        code, out, err = self.kvc("wait", event_id, "--for", 0.5)
        self.assertGreater(time.monotonic() - started, 0.5)
        self.assertEqual(code, 6)
        self.assertIn("   1  running        0  -            0 B", out)
        self.assertEqual(
            err, f"kvc: the event runs still: kvc wait {event_id} waits for "
            f"it, kvc cancel {event_id} ends it\n")
        self.assertEqual(self.kvc("wait", event_id, "--for", 0)[0], 6)

    def test_cancels(self):
        event_id = self.start_stuck()
        waiting = self.start_kvc("wait", event_id)
        code, out, err = self.kvc("cancel", event_id)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, f"^{event_id}: clear of a, cancelled, ")
        self.assertIn("did not confirm the cancellation", out)
        self.assertEqual(waiting.communicate(timeout=PATIENCE)[0], out)
        self.assertEqual(waiting.returncode, 5)
        self.assertEqual(self.kvc("wait", event_id),
                         (5, out, "kvc: the event was cancelled\n"))

    def test_cannot_cancel_what_has_ended(self):
        event_id = self.kvc("clear", "a")[1].partition(":")[0]
        code, out, err = self.kvc("cancel", event_id)
        self.assertEqual(code, 1)
        self.assertIn("8 done", out)
        self.assertEqual(
            err, "kvc: nothing to cancel, the event has ended before: "
            "finished\n")

    def test_leaves_the_event_when_interrupted(self):
        self.ranks["a", 1].stop()
        process = self.start_kvc("clear", "a", "--event-timeout", 600)
        event_id = self.running()
        self.assertIn("kvc: clear:", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, out), (INTERRUPTED, ""))
        self.assertEqual(
            err, f"kvc: interrupted; the event goes on: kvc wait {event_id} "
            f"waits for it, kvc cancel {event_id} ends it\n")
        self.assertEqual(self.running(), event_id)
        self.ranks["a", 1].cont()
        self.assertEqual(self.kvc("wait", event_id)[0], 0)

    def test_can_be_interrupted_while_the_controller_is_silent(self):
        event_id = self.start_stuck()
        process = self.start_kvc("wait", event_id)
        process.stderr.readline()
        self.cluster.controller.stop()
        time.sleep(0.5)  # Longer than a pause between two requests.
        process.send_signal(signal.SIGINT)
        self.assertIn("interrupted", process.communicate(timeout=5)[1])
        self.assertEqual(process.returncode, INTERRUPTED)
        code, _, err = self.kvc("wait", event_id, "--timeout", 0.5)
        self.assertEqual(code, 3)
        self.assertIn("timed_out", err)

    def test_says_that_the_controller_is_gone(self):
        event_id = self.start_stuck()
        process = self.start_kvc("wait", event_id)
        process.stderr.readline()
        self.cluster.controller.kill()
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 3)
        self.assertRegex(
            err, r"^kvc: \w+: 127.0.0.1:.*\nkvc: the event may go on: "
            f"kvc wait {event_id} ")


class TerminalTest(KvcTest):
    def setUp(self):
        super().setUp()
        self.start_instance("a", tokens=self.tokens)

    def test_shows_a_bar_and_takes_it_away(self):
        event_id = self.start_stuck()
        terminal = self.start_terminal("wait", event_id)
        terminal.read_until(
            r"\rclear \[#+-+\]  50%  8/8 chunks  1/2 ranks  0 s\x1b\[K")
        terminal.read_until("  1 s")
        self.ranks["a", 1].cont()
        self.assertEqual(terminal.wait(), 0)
        bars, _, rest = terminal.output.rpartition("\r\x1b[K")
        self.assertNotIn("\n", bars)
        self.assertRegex(
            rest, f"^{event_id}: clear of a, finished, 2048 tokens, .*\r\n"
            "RANK  STATE     TOKENS")

    def test_ctrl_c_leaves_the_event(self):
        event_id = self.start_stuck()
        terminal = self.start_terminal("wait", event_id)
        terminal.read_until("50%")
        terminal.write(b"\x03")
        self.assertEqual(terminal.wait(), INTERRUPTED)
        self.assertRegex(terminal.output,
                         "\nkvc: interrupted; the event goes on: kvc wait "
                         f"{event_id} .*\r\n$")
        self.assertEqual(self.running(), event_id)

    def test_dumb_terminals_get_lines(self):
        self.env["TERM"] = "dumb"
        terminal = self.start_terminal("wait", self.start_stuck())
        terminal.read_until("^kvc: clear: 8 of 8 chunks, 1 of 2 ranks done\r\n")

    def test_the_bar_never_goes_back(self):
        self.cluster.start_worker("b", flags=["--fill", 20_000])
        wait_until(lambda: self.cluster.controller.key_count() == 20_016,
                   what="b is full")
        terminal = self.start_terminal("compress", "b", "--method", "zstd")
        self.assertEqual(terminal.wait(), 0)
        done = [int(number) for number in
                re.findall(r"  (\d+)/20000 chunks", terminal.output)]
        self.assertEqual(done, sorted(done))
        self.assertIn("20000 done", terminal.output)


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
            "   1  failed    -1004  no answer in time\n")


if __name__ == "__main__":
    unittest.main()
