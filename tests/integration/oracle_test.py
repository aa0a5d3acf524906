#!/usr/bin/env python3
"""Tests the model that the cluster tests compare the controller with."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from support.oracle import CPU, DISK, Oracle, chunk_hashes, read_journal

DOC12 = [128000, 849, 21435, 279, 26431, 315, 85748, 6636, 304, 4221, 4211, 13]
SEED_0 = 5313149338359954478
CPU_NAME, DISK_NAME = "LocalCPUBackend", "LocalDiskBackend"


def unsigned(*hashes):
    return [one % 2**64 for one in hashes]


class HashTest(unittest.TestCase):
    def test_gives_the_published_hashes(self):
        self.assertEqual(chunk_hashes(DOC12), [4690244967161877535])
        self.assertEqual(chunk_hashes(DOC12, none_hash=SEED_0),
                         unsigned(-8725679818400927698))
        self.assertEqual(chunk_hashes(list(range(600))),
                         [3131758554629441992, 8783757053568497755,
                          4356085038892181893])
        self.assertEqual(chunk_hashes(list(range(10)), chunk_size=4),
                         unsigned(1926077685454645420, -7804484139983318662,
                                  351376449021863462))

    def test_leaves_partial_chunks_out_if_told_to(self):
        self.assertEqual(chunk_hashes(DOC12, partial=False), [])
        self.assertEqual(chunk_hashes(list(range(600)), partial=False),
                         [3131758554629441992, 8783757053568497755])
        self.assertEqual(chunk_hashes([]), [])

    def test_does_not_depend_on_the_seed_of_python(self):
        program = ("from support.oracle import chunk_hashes;"
                   "print(chunk_hashes(list(range(600))))")
        for seed in "0", "1", "random":
            printed = subprocess.run(
                [sys.executable, "-c", program], check=True, text=True,
                stdout=subprocess.PIPE, cwd=pathlib.Path(__file__).parent,
                env=os.environ | {"PYTHONHASHSEED": seed}).stdout
            self.assertEqual(printed.strip(),
                             str(chunk_hashes(list(range(600)))))


class JournalTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, text, name="0.journal"):
        path = self.directory / name
        path.write_text(text)
        return path

    def test_replays_changes_in_order(self):
        path = self.write("W a/0\nA 0 5 a/0\nA 1 5 a/0\n"
                          "A 0 18446744073709551615 a/0\n"
                          "E 0 5 a/0\nA 0 7 a/0\nE 0 7 a/0\n")
        self.assertEqual(read_journal(path),
                         {"a/0": {5: {DISK}, 2**64 - 1: {CPU}}})

    def test_tells_workers_apart(self):
        path = self.write("W a/0\nW a/1\nA 0 5 a/0\nW b c/0\nA 0 5 a/1\n"
                          "E 0 5 a/0\n")
        self.assertEqual(read_journal(path),
                         {"a/0": {}, "a/1": {5: {CPU}}, "b c/0": {}})

    def test_ignores_a_torn_last_line(self):
        self.assertEqual(
            read_journal(self.write("W a/0\nA 0 123 a/0\nE 0 12")),
            {"a/0": {123: {CPU}}})
        self.assertEqual(read_journal(self.write("")), {})

    def test_refuses_what_changes_nothing(self):
        for text in ("E 0 1 a/0\n", "A 0 1 a/0\nA 0 1 a/0\n",
                     "A 0 1 a/0\nE 1 1 a/0\n", "A 2 1 a/0\n", "W a/0\n",
                     "A 0 -1 a/0\n", "X 0 1 a/0\n", "A 0 1\n", "A 0\n",
                     "A 0 1 a/1\n", "\n"):
            with self.assertRaises(ValueError, msg=text):
                read_journal(self.write("W a/0\n" + text))

    def test_reads_the_journals_of_all_processes(self):
        self.write("W a-b/0\nA 0 1 a-b/0\nW c/0\nA 0 3 c/0\n", "1.journal")
        self.write("W a-b/13\nA 0 2 a-b/13\n", "2.journal")
        self.write("W d/0\nA 0 4 d/0\n", "notes.txt")
        self.assertEqual(Oracle().read(self.directory).holdings,
                         {"a-b": {0: {1: {CPU}}, 13: {2: {CPU}}},
                          "c": {0: {3: {CPU}}}})

    def test_believes_the_latest_journal_of_a_worker(self):
        self.write("W a/0\nA 0 10 a/0\n", "10.journal")
        self.write("W a/0\nA 0 9 a/0\n", "9.journal")
        self.assertEqual(Oracle().read(self.directory).holdings,
                         {"a": {0: {10: {CPU}}}})


class LookupTest(unittest.TestCase):
    tokens = list(range(10))  # With chunk_size 4: two full chunks and a part.

    def setUp(self):
        self.oracle = Oracle(chunk_size=4)
        self.hashes = chunk_hashes(self.tokens, chunk_size=4)

    def hold(self, instance, rank, *chunks, location=CPU):
        held = self.oracle.holdings.setdefault(instance, {}).setdefault(
            rank, {})
        for chunk in chunks:
            held.setdefault(self.hashes[chunk], set()).add(location)

    def lookup(self):
        return list(self.oracle.lookup(self.tokens).items())

    def test_knows_nothing_at_first(self):
        self.assertEqual(self.lookup(), [])

    def test_lists_the_longest_prefix_first_and_ties_by_name(self):
        self.hold("b", 0, 0)
        self.hold("d", 0, 0, 1, 2)
        self.hold("c", 0, 0, 1)
        self.hold("a", 0, 0, 1)
        self.assertEqual(self.lookup(), [("d", [CPU_NAME, 10]),
                                         ("a", [CPU_NAME, 8]),
                                         ("c", [CPU_NAME, 8]),
                                         ("b", [CPU_NAME, 4])])

    def test_ends_a_prefix_at_the_first_gap(self):
        self.hold("gap", 0, 0, 2)
        self.hold("suffix", 0, 1, 2)
        self.assertEqual(self.lookup(), [("gap", [CPU_NAME, 4])])

    def test_counts_only_what_all_ranks_hold(self):
        self.hold("a", 0, 0, 1, 2)
        self.hold("a", 1, 0, 2)
        self.hold("b", 0, 0)
        self.hold("b", 1)
        self.assertEqual(self.lookup(), [("a", [CPU_NAME, 4])])

    def test_names_memory_only_if_all_ranks_have_the_last_chunk_there(self):
        self.hold("a", 0, 0, 1)
        self.hold("a", 1, 0, 1, location=DISK)
        self.assertEqual(self.lookup(), [("a", [DISK_NAME, 8])])
        self.hold("a", 1, 1)
        self.assertEqual(self.lookup(), [("a", [CPU_NAME, 8])])

    def test_finds_nothing_for_no_tokens(self):
        self.hold("a", 0, 0)
        self.assertEqual(self.oracle.lookup([]), {})

    def test_forgets(self):
        self.hold("a", 0, 0)
        self.oracle.forget("a")
        self.oracle.forget("never known")
        self.assertEqual(self.lookup(), [])


if __name__ == "__main__":
    unittest.main()
