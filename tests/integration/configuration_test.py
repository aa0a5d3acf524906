"""What the programs make of their files, variables and flags together."""
import subprocess
import time
import unittest

from support.cluster import BIN, ClusterTest, Process, wait_until
from support.control import CPU
from support.loopback import in_brackets

# As in LMCache's documentation, unchanged.
LMCACHE_SAMPLE = """\
enable_controller: True
lmcache_instance_id: "lmcache_instance_id"
controller_pull_url: localhost:9001
lmcache_worker_ports: [8001, 8002, 8003]
p2p_host: localhost
p2p_init_port: [8011, 8012, 8013]
"""


class MistakesTest(ClusterTest):
    def errors(self, program, yaml, flags=(), **env):
        """Returns where the program complains; it must not start."""
        self.path = self.cluster.directory / "settings.yaml"
        self.path.write_text(yaml)
        done = subprocess.run(
            [BIN / program, "--config", self.path, *flags], env=env,
            capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        for line in lines:
            self.assertTrue(line.startswith(program + ": "), line)
        return [line.removeprefix(program + ": ") for line in lines]

    def assert_places(self, errors, *places):
        self.assertEqual(len(errors), len(places), errors)
        for error, place in zip(errors, places):
            self.assertTrue(error.startswith(place), errors)

    def test_a_worker_tells_them_all_at_once(self):
        errors = self.errors(
            "kvc-worker", "chunk_sise: 256\nlocal_cpu: maybe\n",
            ["--log-level", "loud", "--kv-shape", "2,x", "--instances", "2",
             "--nonsense"],
            LMCACHE_MAX_LOCAL_CPU_SIZE="-1", LMCACHE_NO_SUCH_KEY="1")
        self.assert_places(
            errors, f"{self.path}:1: chunk_sise: unknown key, the nearest is "
            "chunk_size", f"{self.path}:2: local_cpu: ",
            "LMCACHE_MAX_LOCAL_CPU_SIZE: ", "--nonsense: ", "--log-level: ",
            "--kv-shape: ", "--instances: ")

    def test_a_worker_has_chunks_of_their_shape(self):
        errors = self.errors("kvc-worker", "", [
            "--kv-dtype", "float32", "--kv-shape", "256,8",
            "--chunk-bytes", "4096"])
        self.assert_places(errors, "--kv-shape: expected a chunk of ")

    def test_a_worker_has_a_port_for_each_rank(self):
        errors = self.errors("kvc-worker", "lmcache_worker_ports: [1, 2]\n",
                             ["--ranks", "4"])
        self.assert_places(errors, "--ranks: lmcache_worker_ports has 2 port")

    def test_a_controller_tells_them_all_at_once(self):
        errors = self.errors(
            "kvc-controller", "chunk_size: 0\nprot: 9000\n",
            ["--monitor-ports", "{"], LMCACHE_CONTROLLER_PORT="x")
        self.assert_places(errors, f"{self.path}:1: chunk_size: ",
                           f"{self.path}:2: prot: unknown key, the nearest is "
                           "port", "LMCACHE_CONTROLLER_PORT: ",
                           "--monitor-ports: ")


class LmcacheSampleTest(ClusterTest):
    def test_starts_unchanged(self):
        controller = self.cluster.start_controller()
        sample = self.cluster.directory / "lmcache.yaml"
        sample.write_text(LMCACHE_SAMPLE)
        port = self.cluster.controller_ports["monitor_port"]
        for rank in range(3):  # Where tests may listen, and use memory.
            worker = Process(
                f"rank {rank}",
                [BIN / "kvc-worker", "--config", sample, "--rank", rank],
                self.cluster.directory / f"rank-{rank}.log",
                {"LMCACHE_CONTROLLER_PULL_URL": f"{in_brackets()}:{port}",
                 "LMCACHE_MAX_LOCAL_CPU_SIZE": "0.1"})
            self.addCleanup(worker.kill)
        name = "lmcache_instance_id"
        self.cluster.wait_for_workers({(name, rank) for rank in range(3)})
        self.assertEqual(
            [controller.workers()[name, rank]["port"] for rank in range(3)],
            [8001, 8002, 8003])
        wait_until(lambda: controller.http.post(
            "/health", {"instance_id": name}).json["error_codes"] ==
            {"0": 0, "1": 0, "2": 0}, what="health")
        self.assertIn(CPU, controller.workers()[name, 0]["locations"])


class LeaseCheckTest(ClusterTest):
    def test_that_is_off_keeps_a_silent_worker(self):
        """As LMCache's -1. Only the loss of its link would end it."""
        self.cluster.start_controller(health_check_interval=-1,
                                      lmcache_worker_timeout=0.2)
        worker = self.cluster.start_worker("a")
        self.cluster.wait_for_workers({("a", 0)})
        worker.stop()
        time.sleep(2)
        self.assertEqual(set(self.cluster.controller.workers()), {("a", 0)})
        worker.cont()


class KubernetesTest(ClusterTest):
    def test_a_service_of_the_name_does_not_stop_the_start(self):
        self.cluster.env = {"LMCACHE_CONTROLLER_PORT": "tcp://10.96.0.7:9000",
                            "LMCACHE_CONTROLLER_SERVICE_HOST": "10.96.0.7"}
        controller = self.cluster.start_controller()
        self.assertIn("ignored: LMCACHE_CONTROLLER_PORT\n", controller.log())


if __name__ == "__main__":
    unittest.main()
