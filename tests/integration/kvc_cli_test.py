#!/usr/bin/env python3
"""Runs the command line kvc against a controller that is made up.

Needs nothing but the standard library; the programs are in the directory that
KVC_BIN names (default build/dev/bin).
"""
import http.server
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from support.loopback import FAMILY, HOST, in_brackets, listen

ROOT = pathlib.Path(__file__).resolve().parents[2]
KVC = pathlib.Path(os.environ.get("KVC_BIN", ROOT / "build/dev/bin")) / "kvc"


class FakeController(http.server.ThreadingHTTPServer):
    """Answers every request alike and remembers them."""

    daemon_threads = True

    address_family = FAMILY

    def __init__(self):
        super().__init__((HOST, 0), Handler)
        self.status = 200
        self.body = b""
        self.requests = []
        self.is_silent = False

    def answer(self, body, status=200):
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(
            body).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.server.requests.append(
            (self.command, self.path, json.loads(body) if body else None,
             dict(self.headers)))
        if self.server.is_silent:
            time.sleep(30)
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_POST = handle_any

    def log_message(self, *_):
        pass


class KvcTest(unittest.TestCase):
    def setUp(self):
        self.controller = FakeController()
        thread = threading.Thread(target=self.controller.serve_forever,
                                  args=[0.01])
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.controller.server_close)
        self.addCleanup(self.controller.shutdown)
        self.url = f"http://{in_brackets()}:{self.controller.server_port}"

    def kvc(self, *arguments, stdin="", url=None):
        """Returns the exit code, standard output and standard error."""
        done = subprocess.run(
            [KVC, *arguments], input=stdin, text=True, capture_output=True,
            timeout=60, env={"KVC_URL": url or self.url}, check=False)
        return done.returncode, done.stdout, done.stderr

    def requests(self):
        return [request[:3] for request in self.controller.requests]


class Lookup(KvcTest):
    HOLDERS = {"event_id": "Lookup1", "layout_info": {
        "vllm-10": ["LocalCPUBackend", 1024],
        "a": ["LocalDiskBackend", 12]}}

    def test_shows_the_holders_in_the_controllers_order(self):
        self.controller.answer(self.HOLDERS)
        self.assertEqual(self.kvc("lookup", "--tokens", "1, 2,4294967295"), (
            0,
            "INSTANCE  LOCATION          TOKENS\n"
            "vllm-10   LocalCPUBackend     1024\n"
            "a         LocalDiskBackend      12\n",
            ""))
        self.assertEqual(self.requests(), [
            ("POST", "/lookup", {"tokens": [1, 2, 4294967295]})])

    def test_sends_json_to_the_right_host(self):
        self.controller.answer(self.HOLDERS)
        self.kvc("lookup", "--tokens", "1")
        headers = self.controller.requests[0][3]
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(headers["Host"], self.url.removeprefix("http://"))

    def test_prints_the_controllers_json(self):
        self.controller.answer(self.HOLDERS)
        for arguments in (["--json", "lookup", "--tokens", "1"],
                          ["lookup", "--tokens", "1", "--json"]):
            code, out, err = self.kvc(*arguments)
            self.assertEqual((code, err), (0, ""))
            self.assertEqual(list(json.loads(out)["layout_info"].items()),
                             list(self.HOLDERS["layout_info"].items()))

    def test_tells_by_its_exit_code_that_nobody_holds_it(self):
        self.controller.answer({"event_id": "Lookup1", "layout_info": {}})
        self.assertEqual(
            self.kvc("lookup", "--tokens", "1"),
            (1, "", "kvc: no instance holds the prompt's beginning\n"))
        self.controller.answer({"layout_info": {}, "hint": "a has 1 of 2"})
        self.assertEqual(
            self.kvc("lookup", "--tokens", "1"),
            (1, "", "kvc: no instance holds the prompt's beginning; "
             "a has 1 of 2\n"))
        code, out, _ = self.kvc("lookup", "--tokens", "1", "--json")
        self.assertEqual((code, json.loads(out)["layout_info"]), (1, {}))

    def test_reads_the_prompt_from_a_file_or_standard_input(self):
        self.controller.answer(self.HOLDERS)
        prompt = {"tokens": [7, 8], "model": "m", "temperature": 1}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(prompt, file)
            file.flush()
            self.kvc("lookup", "--file", file.name)
            self.kvc("lookup", "--file", file.name, "--model", "other")
        self.kvc("lookup", "--file", "-", stdin="[7, 8]")
        self.assertEqual([body for _, _, body in self.requests()], [
            {"tokens": [7, 8], "model": "m"},
            {"tokens": [7, 8], "model": "other"},
            {"tokens": [7, 8]}])

    def test_sends_a_long_prompt_whole(self):
        self.controller.answer(self.HOLDERS)
        tokens = list(range(4294836224, 4294967296))
        code, _, err = self.kvc("lookup", "--file", "-",
                                stdin=json.dumps(tokens))
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(self.requests()[0][2], {"tokens": tokens})

    def test_refuses_what_are_no_tokens(self):
        for text, place in (("1,,2", 1), ("1,-2", 1), ("1,2,", 2), ("a", 0),
                            ("4294967296", 0), ("1,2 3", 1), ("0x1", 0)):
            with self.subTest(text):
                code, out, err = self.kvc("lookup", "--tokens", text)
                self.assertEqual((code, out), (2, ""))
                self.assertRegex(
                    err, f"^kvc: token {place} is not an integer in "
                    "0..4294967295: \"")
        self.assertEqual(self.requests(), [])

    def test_refuses_files_that_are_no_prompts(self):
        for text, why in (
                ("", "not JSON"), ("[1", "not JSON"),
                ("{}", 'there is no "tokens"'),
                ("3", "the tokens are not an array"),
                ('{"tokens": "1"}', "the tokens are not an array"),
                ('{"tokens": [], "model": 3}', '"model" is not a string'),
                ("[1, -2]", "token 1 is not an integer in 0..4294967295: -2"),
                ("[1.0]", "token 0 is not an integer in 0..4294967295: 1.0")):
            with self.subTest(text):
                self.assertEqual(self.kvc("lookup", "--file", "-", stdin=text),
                                 (2, "", f"kvc: -: {why}\n"))
        self.assertEqual(
            self.kvc("lookup", "--file", "/nonexistent"),
            (2, "", "kvc: /nonexistent: cannot be read\n"))
        self.assertEqual(self.requests(), [])


class Workers(KvcTest):
    WORKER = {"instance_id": "vllm-0", "worker_id": 0, "ip": "10.0.0.1",
              "port": 8001, "peer_init_url": None,
              "registration_time": 1700000000.25,
              "last_heartbeat_time": 1700000061.0, "key_count": 12}

    def test_lists_the_workers(self):
        self.controller.answer({"total_count": 2, "workers": [
            dict(self.WORKER, locations={
                "LocalCPUBackend": {"key_count": 12, "used_bytes": 1536,
                                    "capacity_bytes": 5 * 2**30},
                "LocalDiskBackend": {"key_count": 0, "used_bytes": 0,
                                     "capacity_bytes": 0}}),
            dict(self.WORKER, worker_id=10, ip="::1")]})
        self.assertEqual(self.kvc("workers"), (
            0,
            "INSTANCE  RANK  ADDRESS        CHUNKS                 CPU  DISK  "
            "REGISTERED (UTC)     LAST SEEN (UTC)\n"
            "vllm-0       0  10.0.0.1:8001      12  1.5 KiB of 5.0 GiB     -  "
            "2023-11-14 22:13:20  2023-11-14 22:14:21\n"
            "vllm-0      10  [::1]:8001         12                   -     -  "
            "2023-11-14 22:13:20  2023-11-14 22:14:21\n",
            ""))
        self.assertEqual(self.requests(),
                         [("GET", "/controller/workers", None)])

    def test_lists_the_ranks_that_are_missing(self):
        self.controller.answer({
            "total_count": 1, "workers": [self.WORKER],
            "missing": [{"instance_id": "vllm-0", "worker_id": 1}],
            "missing_count": 1})
        self.assertEqual(self.kvc("workers"), (
            0,
            "INSTANCE  RANK  ADDRESS         CHUNKS  CPU  DISK  "
            "REGISTERED (UTC)     LAST SEEN (UTC)\n"
            "vllm-0       0  10.0.0.1:8001       12    -     -  "
            "2023-11-14 22:13:20  2023-11-14 22:14:21\n"
            "vllm-0       1  not registered       -    -     -  "
            "-                    -\n",
            ""))

    def test_asks_for_one_instance_whatever_its_name(self):
        self.controller.answer({"workers": [self.WORKER], "total_count": 1})
        self.assertEqual(self.kvc("workers", "a b&c=d/é")[0], 0)
        self.assertEqual(self.requests(), [
            ("GET", "/controller/workers?instance_id=a%20b%26c%3Dd%2F%C3%A9",
             None)])

    def test_finds_nothing_where_there_are_no_workers(self):
        self.controller.answer({"workers": [], "total_count": 0})
        self.assertEqual(self.kvc("workers"), (1, "", "kvc: no workers\n"))
        self.controller.answer({"detail": "no such instance: x"}, 404)
        self.assertEqual(
            self.kvc("workers", "x"),
            (1, "", "kvc: the controller answered 404: no such instance: x\n"))

    def test_lists_the_rejected(self):
        self.controller.answer({"total_count": 1, "rejected": [
            {"instance_id": "vllm-1", "worker_id": 3, "ip": "10.0.0.2",
             "reason": "hashing_mismatch", "last_time": 1700000000.0,
             "count": 7,
             "detail": "chunk_size: controller 256, worker 128"},
            {"instance_id": None, "worker_id": None, "ip": "10.0.0.9",
             "reason": "unauthorized", "last_time": 1700000000.0, "count": 1,
             "detail": "unauthorized: another secret"}]})
        self.assertEqual(self.kvc("workers", "--rejected"), (
            0,
            "INSTANCE  RANK  IP        LAST (UTC)           TIMES  "
            "REASON            DETAIL\n"
            "vllm-1       3  10.0.0.2  2023-11-14 22:13:20      7  "
            "hashing_mismatch  chunk_size: controller 256, worker 128\n"
            "-            -  10.0.0.9  2023-11-14 22:13:20      1  "
            "unauthorized      unauthorized: another secret\n",
            ""))
        self.assertEqual(self.requests(),
                         [("GET", "/controller/workers?rejected=1", None)])

    def test_finds_nothing_where_none_was_rejected(self):
        self.controller.answer({"rejected": [], "total_count": 0})
        self.assertEqual(
            self.kvc("workers", "--rejected"),
            (1, "", "kvc: no worker was refused in the last hour\n"))


class Health(KvcTest):
    def test_shows_what_each_code_means(self):
        self.controller.answer({"event_id": "health1", "error_codes": {
            "0": 0, "1": -1004, "2": -1006, "10": -77}})
        self.assertEqual(self.kvc("health", "vllm-0"), (
            1,
            "RANK   CODE  STATE\n"
            "   0      0  healthy\n"
            "   1  -1004  no answer in time\n"
            "   2  -1006  announced, but not registered\n"
            "  10    -77  unhealthy\n",
            ""))
        self.assertEqual(self.requests(), [
            ("POST", "/health", {"instance_id": "vllm-0"})])

    def test_succeeds_if_all_are_healthy(self):
        self.controller.answer({"error_codes": {"0": 0, "1": 0}})
        self.assertEqual(self.kvc("health", "vllm-0")[0], 0)

    def test_has_no_opinion_without_workers(self):
        self.controller.answer({"error_codes": {}})
        self.assertEqual(self.kvc("health", "vllm-0"),
                         (1, "", "kvc: the instance has no workers\n"))


class Failures(KvcTest):
    def test_tells_why_the_controller_refused(self):
        for status, body, why in (
                (404, {"detail": "no such instance: x"}, "no such instance: x"),
                (422, {"detail": [{"loc": ["body", "tokens", 3],
                                   "msg": "not a token", "type": "int"},
                                  {"loc": ["body", "model"], "msg": "long",
                                   "type": "s"}]},
                 "body.tokens.3: not a token; body.model: long"),
                (504, {"detail": {"0": "silent"}}, '{"0":"silent"}'),
                (500, b"<html>", "<html>"),
                (302, b"", "")):
            with self.subTest(status):
                self.controller.answer(body, status)
                self.assertEqual(
                    self.kvc("health", "x"),
                    (4, "", f"kvc: the controller answered {status}: {why}\n"))

    def test_does_not_take_an_event_for_over_that_it_cannot_follow(self):
        self.controller.answer({"detail": "overloaded"}, 503)
        self.assertEqual(self.kvc("wait", "Clear1"), (
            4, "",
            "kvc: the controller answered 503: overloaded\n"
            "kvc: the event may go on: kvc wait Clear1 waits for it, "
            "kvc cancel Clear1 ends it\n"))

    def test_refuses_answers_that_are_none(self):
        for body in (b"", b"hello", b"[]", b"{}", b'{"error_codes": {"0": ""}}',
                     b'{"error_codes": {"\xff": 0}}'):
            with self.subTest(body):
                self.controller.answer(body)
                for arguments in (["health", "x"], ["--json", "health", "x"],
                                  ["clear", "x"], ["wait", "x"],
                                  ["events"], ["cancel", "x"]):
                    code, out, err = self.kvc(*arguments)
                    self.assertEqual((code, out), (4, ""))
                    self.assertRegex(err, "^kvc: unexpected answer: ")

    def test_gives_up_on_a_silent_controller(self):
        self.controller.is_silent = True
        started = time.monotonic()
        code, out, err = self.kvc("workers", "--timeout", "0.3")
        self.assertEqual((code, out), (3, ""))
        self.assertTrue(
            err.startswith(f"kvc: timed_out: {in_brackets()}:"), err)
        self.assertLess(time.monotonic() - started, 10)

    def test_tells_that_nothing_listens(self):
        with socket.socket(FAMILY) as unused:
            unused.bind((HOST, 0))
            port = unused.getsockname()[1]
            code, out, err = self.kvc("workers",
                                      url=f"http://{in_brackets()}:{port}")
        self.assertEqual((code, out), (3, ""))
        self.assertEqual(
            err, f"kvc: unreachable: {in_brackets()}:{port}: "
            "Connection refused\n")

    def test_tells_that_something_else_listens(self):
        with listen() as server:
            port = server.getsockname()[1]

            def answer():
                with server.accept()[0] as peer:
                    peer.recv(4096)
                    peer.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

            thread = threading.Thread(target=answer)
            thread.start()
            code, _, err = self.kvc("workers", url=f"{in_brackets()}:{port}")
            thread.join()
        self.assertEqual(code, 3)
        self.assertTrue(
            err.startswith(f"kvc: unreachable: {in_brackets()}:{port}: "), err)

    def test_never_lets_the_controller_drive_the_terminal(self):
        nasty = "\x1b]0;x\x07\r\n\x7f\x9b\u202e\u2066é"
        shown = "\\x1b]0;x\\x07\\x0d\\x0a\\x7f\\u009b\\u202e\\u2066é"
        self.controller.answer({"layout_info": {nasty: [nasty, 1]}})
        code, out, _ = self.kvc("lookup", "--tokens", "1")
        self.assertEqual((code, out.splitlines()[1]),
                         (0, f"{shown}  {shown}       1"))
        _, out, _ = self.kvc("lookup", "--tokens", "1", "--json")
        self.assertTrue(out.rstrip("\n").isprintable())
        self.assertEqual(json.loads(out), {"layout_info": {nasty: [nasty, 1]}})
        self.controller.answer({"detail": nasty}, 409)
        self.assertEqual(
            self.kvc("health", "x")[2],
            f"kvc: the controller answered 409: {shown}\n")
        self.controller.answer(b"\xff\xc0\x80\xe0\x80\x9b\xf0\x9f\x98\x80", 500)
        self.assertEqual(
            self.kvc("health", "x")[2],
            "kvc: the controller answered 500: "
            "\\xff\\xc0\\x80\\xe0\\x80\\x9b\U0001f600\n")


class CommandLine(KvcTest):
    def test_documents_itself(self):
        for arguments, words in (
                (["--help"], ("lookup", "workers", "health", "clear",
                              "move", "events", "wait", "cancel", "KVC_URL",
                              "Examples:", "Exit codes:")),
                (["lookup", "--help"], ("--tokens", "--file", "--model")),
                (["workers", "--help"], ("INSTANCE", "--rejected")),
                (["health", "--help"], ("INSTANCE",)),
                (["pin", "--help"], ("INSTANCE", "--tokens", "--ttl",
                                     "--location", "--no-wait")),
                (["compress", "--help"], ("--method", "zstd")),
                (["events", "--help"], ("decompress or move",))):
            code, out, err = self.kvc(*arguments)
            self.assertEqual((code, err), (0, ""))
            for word in words:
                self.assertIn(word, out)

    def test_refuses_command_lines_that_make_no_sense(self):
        for arguments in ([], ["unknown"], ["lookup"], ["health"],
                          ["lookup", "--tokens", "1", "--file", "x"],
                          ["workers", "x", "--rejected"],
                          ["workers", "--timeout", "0"],
                          ["workers", "--timeout", "x"]):
            with self.subTest(arguments):
                code, out, err = self.kvc(*arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertNotEqual(err, "")
        self.assertEqual(self.requests(), [])

    def test_refuses_urls_that_make_no_sense(self):
        for url in ("ftp://localhost", "http://", "http://:9000",
                    "localhost:0", "localhost:65536", "localhost:x",
                    "localhost:9000x", "u@localhost", "localhost/a b",
                    "[::1", "[::1]9000", "localhost/?x"):
            with self.subTest(url):
                code, out, err = self.kvc("workers", "--url", url)
                self.assertEqual((code, out), (2, ""))
                self.assertTrue(err.startswith(f'kvc: url "{url}" '), err)
        self.assertEqual(self.requests(), [])

    def test_prefers_the_flag_to_the_environment(self):
        self.controller.answer({"error_codes": {"0": 0}})
        code, _, _ = self.kvc("health", "x", "--url", self.url + "/base/",
                              url=f"http://{in_brackets()}:1")
        self.assertEqual(code, 0)
        self.assertEqual(self.requests()[0][1], "/base/health")


if __name__ == "__main__":
    unittest.main()
