"""What the tests of kvc's control commands share."""
import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time

from support.cluster import BIN, PATIENCE, wait_until
from support.control import ControlTest
from support.loopback import in_brackets


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
    """A controller that does not mind ranks that are stopped."""

    CONTROLLER = {"lmcache_worker_timeout": 3600}

    def setUp(self):
        super().setUp()
        self.env = {
            "KVC_URL": f"http://{in_brackets()}:"
                       f"{self.cluster.controller.http_port}",
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
