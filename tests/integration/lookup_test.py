"""Lookups of real workers' chunks, beside the rules that unit tests check."""
import random
import unittest

from support.cluster import ClusterTest, wait_until

CPU = "LocalCPUBackend"


def random_tokens(count):
    rng = random.Random(count)
    return [rng.randrange(2**32) for _ in range(count)]


class LookupTest(ClusterTest):
    def store(self, instance, tokens, **settings):
        """Starts a worker that holds the tokens' chunks."""
        settings.setdefault("save_unfull_chunk", True)
        self.cluster.start_worker(
            instance, flags=["--prompt", self.cluster.write_prompt(tokens)],
            **settings)

    def expect(self, tokens, layout, **fields):
        """Waits for this answer, order included."""
        wait_until(lambda: list(self.cluster.controller.lookup(
            tokens, **fields).items()) == list(layout.items()),
            what=f"{layout} for {len(tokens)} tokens")

    def test_the_longest_prefix_comes_first(self):
        self.cluster.start_controller()
        tokens = random_tokens(1000)
        self.store("short", tokens[:300])
        self.store("long", tokens)
        self.store("other", tokens[256:])
        self.expect(tokens, {"long": [CPU, 1000], "short": [CPU, 256]})
        self.expect(tokens[:300], {"short": [CPU, 300], "long": [CPU, 256]})
        self.expect(tokens[:256], {"long": [CPU, 256], "short": [CPU, 256]})
        self.expect(tokens[256:], {"other": [CPU, 744]})
        self.expect([], {})

    def test_a_prompt_of_131072_tokens_is_found(self):
        self.cluster.start_controller()
        tokens = random_tokens(131072)
        self.store("a", tokens)
        self.expect(tokens, {"a": [CPU, 131072]})
        self.expect(tokens[:131071] + [tokens[-1] ^ 1],
                    {"a": [CPU, 131072 - 256]})

    def test_models_do_not_meet(self):
        self.cluster.start_controller()
        tokens = list(range(512))
        self.store("a", tokens, model="llama")
        self.expect(tokens, {"a": [CPU, 512]}, model="llama")
        self.expect(tokens, {})
        self.expect(tokens, {}, model="qwen")

    def test_storing_twice_changes_nothing(self):
        self.cluster.start_controller()
        tokens = [7] * 1024
        self.store("a", tokens)
        self.store("b", tokens)
        self.expect(tokens, {"a": [CPU, 1024], "b": [CPU, 1024]})
        wait_until(lambda: self.cluster.controller.key_count() == 8,
                   what="four chunks of each")

    def test_a_partial_chunk_is_kept_only_if_configured(self):
        self.cluster.start_controller()
        tokens = list(range(300))
        self.store("keeps", tokens)
        self.store("drops", tokens, save_unfull_chunk=False)
        self.expect(tokens, {"keeps": [CPU, 300], "drops": [CPU, 256]})


if __name__ == "__main__":
    unittest.main()
