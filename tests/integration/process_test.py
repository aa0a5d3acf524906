"""How the programs behave as processes: their standard streams, signals, logs
and descriptors, and what they say of their version."""
import json
import os
import pathlib
import re
import signal
import subprocess
import unittest

from support.cluster import BIN, ClusterTest, Process, free_port, wait_until
from support.control import DISK

PROGRAMS = ("kvc-controller", "kvc-worker", "kvc", "kvc-bench")
CLOSE_ON_EXEC = 0o2000000


def descriptors(process):
    """Returns what each descriptor of a process is, and its flags."""
    found = {}
    for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            info = (entry.parents[1] / "fdinfo" / entry.name).read_text()
            found[int(entry.name)] = (
                os.readlink(entry),
                int(re.search(r"flags:\s*(\d+)", info)[1], 8))
        except FileNotFoundError:
            pass  # Closed meanwhile.
    return found


class VersionTest(ClusterTest):
    def test_every_program_tells_it(self):
        told = set()
        for name in PROGRAMS:
            done = subprocess.run([BIN / name, "--version"], timeout=60,
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            match = re.fullmatch(rf"{name} (\d+\.\d+\.\d+)( \((\S+)\))?\n",
                                 done.stdout)
            self.assertTrue(match, done.stdout)
            told.add((match[1], match[3] or ""))
        self.assertEqual(len(told), 1, told)
        http = self.cluster.start_controller().http
        answer = http.get("/version").json
        self.assertEqual(told, {(answer["version"], answer["revision"])})
        self.assertIn('kvc_build_info{version="%s",revision="%s"} 1\n'
                      % told.pop(), http.get("/metrics").body.decode())


class ClosedStreamsTest(ClusterTest):
    def start_closed(self, name, *flags):
        """Starts a program whose standard streams are closed."""
        process = Process(
            name, ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", BIN / name,
                   *flags], self.cluster.directory / f"{name}.log")
        self.addCleanup(process.kill)
        return process

    def check_streams(self, process):
        for fd in range(3):
            self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{fd}"),
                             "/dev/null", process.name)

    def test_do_not_harm_controller_and_worker(self):
        ports = self.cluster.controller_ports
        controller = self.start_closed(
            "kvc-controller", "--host", "127.0.0.1", "--port", ports["port"],
            "--monitor-port", ports["monitor_port"])
        worker = self.start_closed(
            "kvc-worker", "--enable-controller", "--lmcache-instance-id", "a",
            "--controller-pull-url", f"127.0.0.1:{ports['monitor_port']}",
            "--max-local-cpu-size", "0.01")
        kvc = [BIN / "kvc", "--url", f"http://127.0.0.1:{ports['port']}"]
        wait_until(lambda: subprocess.run(
            [*kvc, "workers", "a"], capture_output=True).returncode == 0,
            what="the worker")
        for process in (controller, worker):
            self.check_streams(process)
            process.terminate()

    def test_do_not_harm_programs_that_end(self):
        for name in ("kvc", "kvc-bench"):
            self.assertEqual(self.start_closed(name, "--version").wait(), 0)


class LogTest(ClusterTest):
    def test_has_the_offset_from_utc(self):
        self.cluster.env = {"TZ": "IST-5:30"}
        controller = self.cluster.start_controller()
        controller.wait_for_log("controller: started")
        for line in controller.log().splitlines():
            self.assertRegex(
                line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:30 \w+ ")


class HangupTest(ClusterTest):
    def reload(self, process, text="reloaded"):
        before = process.log().count(text)
        process.signal(signal.SIGHUP)
        wait_until(lambda: process.log().count(text) > before,
                   what=f"{process.name} says {text}")

    def change(self, process, **settings):
        """Changes the file that a process was started with."""
        path = pathlib.Path(
            process.command[process.command.index("--config") + 1])
        kept = [line for line in path.read_text().splitlines(True)
                if line.split(":")[0] not in settings]
        path.write_text("".join(kept) + "".join(
            f"{key}: {json.dumps(value)}\n" for key, value in
            settings.items()))

    def test_takes_another_level_and_secret(self):
        secret = self.cluster.directory / "secret"
        secret.write_text("old\n")
        path = str(secret)
        controller = self.cluster.start_controller(secret_file=path)
        first = self.cluster.start_worker("a", secret_file=path)
        self.cluster.wait_for_workers({("a", 0)})
        secret.write_text("new\n")
        self.change(controller, log_level="debug")
        self.reload(controller, "reloaded log_level=debug")
        self.cluster.start_worker("b", secret_file=path)
        self.cluster.wait_for_workers({("a", 0), ("b", 0)})
        self.reload(first)
        controller.kill()
        controller.start()  # All links are made anew, with the new secret.
        self.cluster.wait_for_workers({("a", 0), ("b", 0)})

    def test_tells_what_needs_a_restart(self):
        controller = self.cluster.start_controller()
        self.change(controller, shards=3, revival_grace=1)
        self.reload(controller, "a restart is needed for revival_grace, "
                    "shards")

    def test_changes_nothing_if_something_is_wrong(self):
        controller = self.cluster.start_controller()
        self.change(controller, log_level="loud")
        self.reload(controller, "not reloaded reason=")
        self.change(controller, log_level="debug", secret_file="/none")
        self.reload(controller, "not reloaded reason=")
        self.assertNotIn("controller: reloaded", controller.log())
        self.assertEqual(controller.http.get("/healthz").status, 200)

    def test_is_not_for_ucx(self):
        worker = self.cluster.start_worker(
            "a", enable_p2p=True, p2p_host="127.0.0.1",
            p2p_init_ports=[free_port()])
        worker.wait_for_log("worker: started")
        status = pathlib.Path(f"/proc/{worker.pid}/status").read_text()
        caught = int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16)
        self.assertFalse(caught & 1 << signal.SIGHUP - 1)
        self.reload(worker)


class DescriptorsTest(ClusterTest):
    def test_are_not_inherited(self):
        """Of a controller with links and connections, and of a worker with a
        disk and a journal. With enable_p2p UCX has some that are."""
        controller = self.cluster.start_controller()
        worker = self.cluster.start_worker(
            "a", flags=["--fill", 10], max_local_disk_size=1,
            local_disk=str(self.cluster.directory / "disk"))
        self.cluster.wait_for_workers({("a", 0)})
        wait_until(lambda: controller.workers()["a", 0]["locations"][DISK],
                   what="usage of the disk")
        for process in (controller, worker):
            found = descriptors(process)
            self.assertGreater(len(found), 8)
            inherited = {fd: what for fd, (what, flags) in found.items()
                         if fd > 2 and not flags & CLOSE_ON_EXEC}
            self.assertEqual(inherited, {}, process.name)
        sockets = [what for what, _ in descriptors(controller).values()
                   if what.startswith("socket:")]
        self.assertGreaterEqual(len(sockets), 4)  # Two ports, two connections.


if __name__ == "__main__":
    unittest.main()
