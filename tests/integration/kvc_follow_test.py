"""What kvc does while a control event runs, with real processes. A rank that is
stopped keeps an event running."""
import pathlib
import re
import signal
import time
import unittest

from support.cluster import PATIENCE, wait_until
from support.kvc import KvcTest
from support.loopback import in_brackets

INTERRUPTED = 130


def catches(pid, number):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    caught = re.search(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE)[1]
    return int(caught, 16) >> (number - 1) & 1


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
            "   1  unknown        0  -            0 B    0 B  "
            "no answer in time\n")
        self.assertTrue(err.endswith(
            "kvc: clear: 8 of 8 chunks, 1 of 2 ranks done\n"
            "kvc: the event has failed\n"), err)
        lines = err.splitlines()
        self.assertEqual(len(lines), len(set(lines)))  # Only what is new.

    def test_waits_for_the_end(self):
        event_id = self.start_stuck()
        waiting = self.start_kvc("wait", event_id)
        self.assertEqual(
            waiting.stderr.readline(),
            "kvc: clear: 8 of 8 chunks, 1 of 2 ranks done\n")
        self.ranks["a", 1].cont()
        out, err = waiting.communicate(timeout=PATIENCE)
        self.assertEqual(waiting.returncode, 0)
        self.assertNotIn("event", err)
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
        self.assertTrue(err.endswith(
            f"kvc: interrupted; the event goes on: kvc wait {event_id} "
            f"waits for it, kvc cancel {event_id} ends it\n"), err)
        self.assertEqual(self.running(), event_id)
        self.ranks["a", 1].cont()
        self.assertEqual(self.kvc("wait", event_id)[0], 0)

    def test_can_be_interrupted_while_the_controller_is_silent(self):
        event_id = self.start_stuck()
        process = self.start_kvc("wait", event_id)
        process.stderr.readline()
        self.cluster.controller.stop()
        time.sleep(0.5)  # kvc waits for an answer by now.
        process.send_signal(signal.SIGINT)
        self.assertIn("interrupted", process.communicate(timeout=5)[1])
        self.assertEqual(process.returncode, INTERRUPTED)
        code, _, err = self.kvc("wait", event_id, "--timeout", 0.5)
        self.assertEqual(code, 3)
        self.assertIn("timed_out", err)

    def test_can_be_interrupted_before_it_knows_the_event(self):
        self.cluster.controller.stop()
        process = self.start_kvc("clear", "a")
        wait_until(lambda: catches(process.pid, signal.SIGINT),
                   what="kvc catches SIGINT")
        process.send_signal(signal.SIGINT)
        self.assertEqual(
            process.communicate(timeout=PATIENCE),
            ("", "kvc: interrupted; the event may have begun: kvc events "
             "lists it\n"))
        self.assertEqual(process.returncode, INTERRUPTED)

    def test_says_that_the_controller_is_gone(self):
        event_id = self.start_stuck()
        process = self.start_kvc("wait", event_id)
        process.stderr.readline()
        self.cluster.controller.kill()
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 3)
        self.assertRegex(
            err, rf"^kvc: \w+: {re.escape(in_brackets())}:.*\n"
            f"kvc: the event may go on: kvc wait {event_id} ")


class TerminalTest(KvcTest):
    def setUp(self):
        super().setUp()
        self.start_instance("a", tokens=self.tokens)

    def test_shows_a_bar_and_takes_it_away(self):
        event_id = self.start_stuck()
        terminal = self.start_terminal("wait", event_id)
        terminal.read_until(
            r"\rclear \[#+-+\]  50%  8/8 chunks  1/2 ranks  \d s\x1b\[K")
        terminal.read_until(r"  [1-9]\d* s")
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


if __name__ == "__main__":
    unittest.main()
