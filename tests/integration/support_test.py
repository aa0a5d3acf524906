#!/usr/bin/env python3
"""Tests the tools that the cluster tests are made of."""
import pathlib
import socket
import sys
import tempfile
import threading
import unittest

from support import trace
from support.cluster import Process, free_port, wait_until, yaml_text
from support.loopback import HOST, listen
from support.tcp_proxy import TcpProxy

ROOT = pathlib.Path(__file__).resolve().parents[2]


class TraceTest(unittest.TestCase):
    def setUp(self):
        self.requests = trace.read(ROOT / "tests/data/small_trace.jsonl")

    def test_is_what_the_generator_makes(self):
        text = (ROOT / "tests/data/small_trace.jsonl").read_text()
        self.assertEqual(text, trace.to_text(trace.generate(1, 300)))
        self.assertNotEqual(text, trace.to_text(trace.generate(2, 300)))

    def test_makes_prefix_trees_as_mooncake_does(self):
        before = {}
        timestamp = 0
        for request in self.requests:
            ids = request["hash_ids"]
            for previous, block in zip([None, *ids], ids):
                self.assertEqual(before.setdefault(block, previous), previous)
            whole = len(ids) * trace.BLOCK_TOKENS
            self.assertTrue(whole - trace.BLOCK_TOKENS
                            < request["input_length"] <= whole)
            self.assertGreaterEqual(request["timestamp"], timestamp)
            timestamp = request["timestamp"]

    def test_has_new_growing_and_repeated_prompts(self):
        prompts = [tuple(one["hash_ids"]) for one in self.requests]
        repeated = len(prompts) - len(set(prompts))
        references = sum(map(len, prompts))
        unique = len(set().union(*prompts))
        self.assertGreater(repeated, 20)
        self.assertLess(repeated, 100)
        self.assertGreater(references, 2 * unique)
        self.assertGreater(len({one[0] for one in prompts}), 16)

    def test_makes_tokens_of_blocks(self):
        self.assertEqual(trace.splitmix64(0), 0xE220A8397B1DCDAF)
        self.assertEqual(trace.splitmix64(2**64 - 1), 0xE4D971771B652C20)
        self.assertEqual(trace.block_tokens(3)[511],
                         trace.splitmix64(4 * 512 - 1) & 0xFFFF)
        request = {"hash_ids": [0, 5], "input_length": 700}
        tokens = trace.prompt_tokens(request)
        self.assertEqual(tokens[:512], trace.block_tokens(0))
        self.assertEqual(tokens[512:], trace.block_tokens(5)[:188])


class ProxyTest(unittest.TestCase):
    def setUp(self):
        server = listen()
        self.addCleanup(server.close)
        threading.Thread(target=self.echo, args=(server,), daemon=True).start()
        self.proxy = TcpProxy(server.getsockname()[1], free_port())
        self.addCleanup(self.proxy.close)

    @staticmethod
    def echo(server):
        def serve(one):
            with one:
                while data := one.recv(4096):
                    one.sendall(data)
        try:
            while True:
                client, _ = server.accept()
                threading.Thread(target=serve, args=(client,),
                                 daemon=True).start()
        except OSError:
            pass

    def connect(self):
        one = socket.create_connection((HOST, self.proxy.port), 20)
        self.addCleanup(one.close)
        return one

    def ask(self, one):
        one.sendall(b"hello")
        return one.recv(5, socket.MSG_WAITALL)

    def test_forwards(self):
        one, other = self.connect(), self.connect()
        self.assertEqual(self.ask(one), b"hello")
        self.assertEqual(self.ask(other), b"hello")
        self.assertEqual(self.proxy.connections(), 2)
        one.close()
        wait_until(lambda: self.proxy.connections() == 1)

    def test_cuts_and_heals(self):
        one = self.connect()
        self.assertEqual(self.ask(one), b"hello")
        self.proxy.cut()
        self.assertEqual(one.recv(1), b"")
        with self.assertRaises(ConnectionRefusedError):
            self.connect()
        self.proxy.heal()
        self.assertEqual(self.ask(self.connect()), b"hello")

    def test_freezes_and_thaws(self):
        one = self.connect()
        self.assertEqual(self.ask(one), b"hello")
        self.proxy.freeze()
        one.sendall(b"late")
        one.settimeout(0.1)
        with self.assertRaises(TimeoutError):
            one.recv(4)
        self.proxy.thaw()
        one.settimeout(20)
        self.assertEqual(one.recv(4, socket.MSG_WAITALL), b"late")


class ProcessTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.log = pathlib.Path(directory.name) / "log"

    def start(self, program):
        process = Process("test", [sys.executable, "-uc", program], self.log)
        self.addCleanup(process.kill)
        return process

    def test_captures_what_is_printed_since_the_start(self):
        process = self.start("print('one')")
        process.wait_for_log("one")
        self.assertEqual(process.wait(), 0)
        process.start()
        process.wait()
        self.assertEqual(process.log(), "one\n")
        self.assertEqual(self.log.read_text(), "one\none\n")

    def test_does_not_wait_for_a_dead_program_to_print(self):
        process = self.start("print('bye')")
        process.wait_for_log("bye")
        with self.assertRaisesRegex(AssertionError, "ended before .*bye"):
            process.wait_for_log("hello", deadline_seconds=600)

    def test_wants_a_clean_end(self):
        waiting = "import signal, sys\n{}\nprint('up')\nsignal.pause()"
        clean = self.start(waiting.format(
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))"))
        clean.wait_for_log("up")
        self.assertLess(clean.terminate(), 20)
        dirty = self.start(waiting.format(""))
        dirty.wait_for_log("up")
        with self.assertRaisesRegex(AssertionError, "ended with -15"):
            dirty.terminate()

    def test_kills_the_whole_group(self):
        process = self.start(
            "import subprocess, signal\n"
            "print(subprocess.Popen(['sleep', '1000']).pid)\n"
            "signal.pause()")
        process.wait_for_log("\n")
        child = int(process.log())
        process.kill()
        self.assertFalse(process.is_alive())

        def is_gone():
            path = pathlib.Path(f"/proc/{child}/stat")
            return not path.exists() or path.read_text().split()[2] == "Z"
        wait_until(is_gone, what="the child is gone")

    def test_stops_and_continues(self):
        process = self.start("import signal\nsignal.pause()")
        state = pathlib.Path(f"/proc/{process.pid}/stat")
        process.stop()
        wait_until(lambda: state.read_text().split()[2] == "T")
        process.cont()
        wait_until(lambda: state.read_text().split()[2] == "S")


class WaitTest(unittest.TestCase):
    def test_returns_what_it_waited_for(self):
        values = iter([0, None, 7])
        self.assertEqual(wait_until(lambda: next(values)), 7)

    def test_says_what_did_not_happen(self):
        with self.assertRaisesRegex(AssertionError,
                                    "the sky: not within 0 s, last: 0"):
            wait_until(lambda: 0, 0, "the sky")
        with self.assertRaisesRegex(AssertionError, "KeyError"):
            wait_until(lambda: {}["x"], 0)

    def test_writes_yaml(self):
        self.assertEqual(yaml_text({"a": "x: y", "b": [1, 2], "c": True}),
                         'a: "x: y"\nb: [1, 2]\nc: true\n')


if __name__ == "__main__":
    unittest.main()
