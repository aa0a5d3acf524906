"""kvc-bench takes what it started with it, however it ends."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

from support.cluster import BIN, PATIENCE, Process, wait_until

TRACE = pathlib.Path(__file__).parents[1] / "data" / "small_trace.jsonl"
QUICK = ("--memberships", 100_000, "--repetitions", 1)


def children(pid):
    """Returns {pid: start time} of the processes that `pid` started."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # It has ended meanwhile.
            continue
        if int(fields[1]) == pid:
            found[int(stat.parent.name)] = fields[19]
    return found


def is_running(pid, start_time):
    """Whether the process is there, the same one and no zombie."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    fields = text.rpartition(")")[2].split()
    return fields[19] == start_time and fields[0] != "Z"


class BenchTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="kvc_test_")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.scratch = self.directory / "tmp"
        self.scratch.mkdir()
        self.env = {"TMPDIR": str(self.scratch)}

    def start(self, *arguments, program=BIN / "kvc-bench"):
        bench = Process("kvc-bench", [program, *arguments],
                        self.directory / "bench.log",
                        self.env)
        self.addCleanup(bench.kill)
        return bench

    def wait_for_children(self, pid):
        """Waits until a controller and a worker run, and returns them."""
        def both():
            found = children(pid)
            return found if len(found) >= 2 else None
        return wait_until(both, what="a controller and a worker run")

    def assert_gone(self, processes):
        wait_until(lambda: not any(is_running(*one)
                                   for one in processes.items()),
                   what="its processes end")

    def test_its_processes_end_when_it_is_killed(self):
        bench = self.start("recovery", *QUICK)
        started = self.wait_for_children(bench.pid)
        # Not its group: nobody but the kernel tells them.
        os.kill(bench.pid, signal.SIGKILL)
        bench.wait()
        self.assert_gone(started)

    def test_its_processes_end_when_nobody_reads_on(self):
        bench = subprocess.Popen(
            [BIN / "kvc-bench", "lookups", "--seconds=0.5", *map(str, QUICK)],
            stdout=subprocess.PIPE, env=os.environ | self.env)
        self.addCleanup(bench.kill)
        started = self.wait_for_children(bench.pid)
        bench.stdout.close()
        self.assertEqual(bench.wait(PATIENCE), -signal.SIGPIPE)
        self.assert_gone(started)

    def test_leaves_nothing_behind_at_a_good_end(self):
        bench = self.start("ingest", *QUICK)
        self.assertEqual(bench.wait(300), 0, bench.log())
        self.assertEqual(list(self.scratch.iterdir()), [])

    def test_measures_recovery(self):
        bench = self.start("recovery", *QUICK)
        self.assertEqual(bench.wait(300), 0, bench.log())
        self.assertIn("1 of 1 times without a full sync", bench.log())

    def test_replays_a_trace(self):
        figures = self.directory / "figures.json"
        bench = self.start("replay", TRACE, "--copies", 2, "--time-scale",
                           0.005, "--json", figures)
        self.assertEqual(bench.wait(300), 0, bench.log())
        self.assertIn("requests=600 ", bench.log())
        self.assertIn(" wrong_bytes=0 ", bench.log())
        found = json.loads(figures.read_text())["figures"]
        self.assertEqual([x["loop"] for x in found],
                         ["closed loop", "as recorded"])
        for each in found:
            self.assertEqual(each["failures"], 0, each)
            self.assertGreater(each["per_second"], 0, each)

    def test_restores_what_it_compresses(self):
        bench = self.start("codecs", "--repetitions", 1)
        self.assertEqual(bench.wait(300), 0, bench.log())
        for dtype in ("bfloat16", "float16", "float32"):
            self.assertRegex(bench.log(), dtype + r" +int8 +\d\.\d\d ")

    def test_keeps_the_logs_and_says_where_if_it_fails(self):
        alone = self.directory / "kvc-bench"  # Without the other programs.
        shutil.copy(BIN / "kvc-bench", alone)
        bench = self.start("ingest", *QUICK, program=alone)
        self.assertEqual(bench.wait(), 1, bench.log())
        missing = self.directory / "kvc-controller"
        self.assertIn(f"{missing}: No such file or directory", bench.log())
        (kept,) = self.scratch.iterdir()
        self.assertIn(f"logs are in {kept}\n", bench.log())
        self.assertTrue(list(kept.glob("*/controller.log")))


if __name__ == "__main__":
    unittest.main()
