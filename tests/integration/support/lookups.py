"""Compares a controller's answers with the oracle's."""
import random

from support import trace
from support.cluster import ROOT, wait_until

SMALL_TRACE = ROOT / "tests/data/small_trace.jsonl"


def random_prompts(count, seed):
    """Returns prompts that begin like those of the small trace: whole, cut
    anywhere, going on differently from some token on, or without beginning."""
    rng = random.Random(seed)
    requests = trace.read(SMALL_TRACE)
    prompts = []
    for _ in range(count):
        tokens = trace.prompt_tokens(rng.choice(requests))
        kind = rng.random()
        if kind < 0.4:
            tokens = tokens[:rng.randint(1, len(tokens))]
        elif kind < 0.7:
            tokens[rng.randrange(len(tokens))] ^= 1
        elif kind < 0.75:
            tokens = tokens[256:] or [1]
        prompts.append(tokens)
    return prompts


def disagreements(controller, oracle, prompts):
    """Returns the answers that differ, in content or order."""
    result = []
    for tokens in prompts:
        expected = list(oracle.lookup(tokens).items())
        answer = list(controller.lookup(tokens).items())
        if answer != expected:
            result.append((len(tokens), answer, expected))
    return result


def wait_for_agreement(controller, oracle, prompts):
    """Waits until every answer is the oracle's, then asks all of them once."""
    def agrees():
        found = disagreements(controller, oracle, prompts)
        assert not found, f"{len(found)} answers differ, first: {found[0]}"
        return True
    wait_until(agrees, what="the oracle's answers")
