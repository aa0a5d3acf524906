"""Real controllers and workers for tests.

    class LookupTest(ClusterTest):
        def test_finds_what_a_worker_stored(self):
            self.cluster.start_controller()
            self.cluster.start_worker("a", flags=["--fill", "64"])
            self.cluster.wait_for_workers({("a", 0)})

The programs are in the directory that KVC_BIN names (default build/dev/bin).
They listen on 127.0.0.1, or on what KVC_TEST_HOST names, such as ::1.
Whatever a test starts is killed when the test ends, and its logs are printed if
the test failed. Processes must be started from the main thread: the kernel
kills them when the thread that started them ends.
"""
import atexit
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from support.loopback import HOST, in_brackets

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("KVC_BIN", ROOT / "build/dev/bin"))
PATIENCE = 60  # Seconds: a busy machine must not fail a test.
LOG_LINES = 200
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)
_running = set()


def wait_until(predicate, deadline_seconds=PATIENCE, what="the condition"):
    """Waits until predicate() returns something true, and returns that.

    A predicate that raises counts as false. Fails with the last result, or the
    last exception, when the deadline passes.
    """
    end = time.monotonic() + deadline_seconds
    while True:
        try:
            last = predicate()
            if last:
                return last
        except (OSError, http.client.HTTPException, AssertionError,
                LookupError, ValueError) as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(
                f"{what}: not within {deadline_seconds} s, last: {last!r}")
        time.sleep(0.005)


given_ports = set()


def is_taken(port):
    """Returns whether 127.0.0.1 or HOST has somebody at the port."""
    for host in {"127.0.0.1", HOST}:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with contextlib.closing(socket.socket(family)) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return True
    return False


def free_port():
    """Returns a TCP port of the loopback that nobody uses, in either family,
    and that was not returned before, outside the range that the kernel gives to
    clients, so that it stays free between restarts."""
    for _ in range(1000):
        port = random.SystemRandom().randrange(20000, 32000)
        if port in given_ports:
            continue
        if not is_taken(port):
            given_ports.add(port)
            return port
    raise AssertionError("no free port")


def yaml_text(settings):
    """Returns settings as YAML, of which JSON is a part."""
    return "".join(f"{key}: {json.dumps(value)}\n"
                   for key, value in settings.items())


@atexit.register
def _kill_all():
    for process in list(_running):
        process.kill()


class Process:
    """A program that runs, in a process group of its own."""

    def __init__(self, name, command, log_path, env=None):
        self.name = name
        self.command = [str(part) for part in command]
        self.log_path = pathlib.Path(log_path)
        self.env = env or {}
        self.popen = None
        self.start()

    def start(self):
        """Starts the program, again if it has ended; the log goes on."""
        assert not self.is_alive(), f"{self.name} runs already"
        inherited = {key: value for key, value in os.environ.items()
                     if not key.startswith(("LMCACHE_", "KVC_"))}
        with open(self.log_path, "ab") as log:
            self._log_start = log.tell()
            self.popen = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=inherited | self.env,
                start_new_session=True,
                preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG,
                                               signal.SIGKILL))
        _running.add(self)

    def is_alive(self):
        return self.popen is not None and self.popen.poll() is None

    @property
    def pid(self):
        return self.popen.pid

    def signal(self, number):
        os.killpg(self.pid, number)

    def stop(self):
        """SIGSTOP, and waits until all threads have stopped; cont() undoes
        it."""
        self.signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.pid}/task")
        wait_until(lambda: all("State:\tT" in (task / "status").read_text()
                               for task in tasks.iterdir()),
                   what=f"{self.name} stops")

    def cont(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """kill -9, and waits for the end."""
        if self.popen and self.popen.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGKILL)
            self.popen.wait()
        _running.discard(self)

    def wait(self, deadline_seconds=PATIENCE):
        """Waits for the end and returns the exit code."""
        code = self.popen.wait(deadline_seconds)
        _running.discard(self)
        return code

    def terminate(self, deadline_seconds=PATIENCE):
        """SIGTERM; fails unless the exit code is 0. Returns the seconds that
        it took."""
        start = time.monotonic()
        self.signal(signal.SIGTERM)
        code = self.wait(deadline_seconds)
        assert code == 0, f"{self.name} ended with {code}"
        return time.monotonic() - start

    def log(self):
        """Returns what the program has printed since its last start."""
        with open(self.log_path, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def wait_for_log(self, text, deadline_seconds=PATIENCE):
        def outcome():
            has_ended = not self.is_alive()  # Then its log is whole.
            return text in self.log() and "printed" or has_ended and "ended"

        if wait_until(outcome, deadline_seconds,
                      f"{self.name} prints {text!r}") == "ended":
            raise AssertionError(f"{self.name} ended before it printed "
                                 f"{text!r}: {self.log()[-1000:]}")

    def resident_bytes(self):
        pages = pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Reply:
    """An HTTP response; `json` is its body, in the order of the wire."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class HttpClient:
    """Sends requests over one connection, which it renews when it is lost."""

    def __init__(self, port, timeout_seconds=30):
        self._connection = http.client.HTTPConnection(
            HOST, port, timeout=timeout_seconds)

    def request(self, method, path, body=None, headers=None):
        is_fresh = self._connection.sock is None
        try:
            return self._send(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.close()
            if is_fresh:
                raise
        return self._send(method, path, body, headers)

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body):
        """Posts `body` as JSON."""
        return self.request("POST", path, json.dumps(body),
                            {"Content-Type": "application/json"})

    def close(self):
        self._connection.close()

    def _send(self, method, path, body, headers):
        try:
            self._connection.request(method, path, body, headers or {})
            return Reply(self._connection.getresponse())
        except BaseException:
            self.close()
            raise


class Controller(Process):
    """A kvc-controller and a client of its HTTP port."""

    def __init__(self, log_path, config_path, settings, env=None):
        self.http_port = settings["port"]
        self.link_port = settings["monitor_port"]
        self.http = HttpClient(self.http_port)
        config_path.write_text(yaml_text(settings))
        super().__init__("controller",
                         [BIN / "kvc-controller", "--config", config_path],
                         log_path, env)

    def lookup(self, tokens, **fields):
        """Returns the layout_info of a lookup, in its order."""
        reply = self.http.post("/lookup", {"tokens": list(tokens), **fields})
        assert reply.status == 200, reply
        return reply.json["layout_info"]

    def workers(self):
        """Returns the registered workers as {(instance, rank): entry}."""
        reply = self.http.get("/controller/workers")
        assert reply.status == 200, reply
        return {(entry["instance_id"], entry["worker_id"]): entry
                for entry in reply.json["workers"]}

    def refusals(self):
        """Returns the refused hellos of the last hour."""
        return self.http.get("/controller/workers?rejected=1").json

    def key_count(self):
        return self.http.get("/controller/key-stats").json["total_key_count"]

    def is_ready(self):
        return self.http.get("/readyz").status == 200


class Cluster:
    """One controller and its workers, in a temporary directory."""

    def __init__(self, secret=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="kvc_test_"))
        self.journals = self.directory / "journals"
        self.env = {} if secret is None else {"KVC_SECRET": secret}
        self.controller = None
        self.controller_ports = {"port": free_port(),
                                 "monitor_port": free_port()}
        self.processes = []

    def start_controller(self, **settings):
        """Starts the controller and waits until it answers; `settings` are
        keys of its configuration."""
        number = len(self.processes)
        settings = {"host": HOST, **self.controller_ports, **settings}
        self.controller = Controller(
            self.directory / f"{number}-controller.log",
            self.directory / f"{number}-controller.yaml", settings, self.env)
        self.processes.append(self.controller)
        self.wait_for_controller()
        return self.controller

    def wait_for_controller(self):
        def answers():
            assert self.controller.is_alive(), "the controller has ended"
            return self.controller.http.get("/healthz").status == 200
        wait_until(answers, what="the controller answers")

    def start_worker(self, instance, rank=0, rank_count=1, flags=(),
                     link_port=None, host=HOST, prefix=(), **settings):
        """Starts a kvc-worker; `settings` are keys of its configuration. `host`
        is the controller's, `prefix` a command that runs it."""
        number = len(self.processes)
        link_port = link_port or self.controller_ports["monitor_port"]
        settings = {"lmcache_instance_id": instance,
                    "rank_count": rank_count,
                    "enable_controller": True,
                    "controller_pull_url": f"{in_brackets(host)}:{link_port}",
                    "max_local_cpu_size": 0.25,
                    **settings}
        config_path = self.directory / f"{number}-worker.yaml"
        config_path.write_text(yaml_text(settings))
        command = [*prefix, BIN / "kvc-worker", "--config", config_path,
                   "--journal", self.journals / f"{number}.journal"]
        if "--ranks" not in flags:
            command += ["--rank", rank]
        worker = Process(f"worker {instance}/{rank}", [*command, *flags],
                         self.directory / f"{number}-worker.log", self.env)
        self.processes.append(worker)
        return worker

    def wait_for_workers(self, expected, deadline_seconds=PATIENCE):
        """Waits until exactly these (instance, rank) are registered."""
        wait_until(lambda: set(self.controller.workers()) == set(expected),
                   deadline_seconds, f"workers {sorted(expected)}")

    def write_prompt(self, tokens):
        """Returns a file for the workers' --prompt."""
        path = self.directory / f"prompt-{time.monotonic_ns()}.json"
        path.write_text(json.dumps(list(tokens)))
        return path

    def print_logs(self):
        for process in self.processes:
            lines = process.log_path.read_text(errors="replace").splitlines()
            code = process.popen.poll()
            print(f"--- {process.name}: pid {process.pid}, exit code {code}, "
                  f"{process.log_path.name}", file=sys.stderr)
            if len(lines) > LOG_LINES:
                print(f"({len(lines) - LOG_LINES} earlier lines)",
                      file=sys.stderr)
            print("\n".join(lines[-LOG_LINES:]), file=sys.stderr)

    def close(self):
        for process in self.processes:
            process.kill()
        if self.controller:
            self.controller.http.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class ClusterTest(unittest.TestCase):
    """A test with an empty `cluster`; prints all logs if it fails."""

    secret = None

    def run(self, result=None):
        result = result or self.defaultTestResult()
        before = len(result.failures) + len(result.errors)
        self.cluster = Cluster(self.secret)
        try:
            outcome = super().run(result)
            if len(result.failures) + len(result.errors) > before:
                self.cluster.print_logs()
            return outcome
        finally:
            self.cluster.close()
