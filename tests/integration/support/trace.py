#!/usr/bin/env python3
"""Makes small traces in Mooncake's schema and the prompts that they stand for.

    trace.py [--seed N] [--requests N] > small_trace.jsonl
"""
import argparse
import json
import random
import sys

BLOCK_TOKENS = 512
MASK = 2**64 - 1


def splitmix64(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def block_tokens(block):
    """Returns the 512 tokens of a block id."""
    first = block * BLOCK_TOKENS
    return [splitmix64((first + i) & MASK) & 0xFFFF
            for i in range(BLOCK_TOKENS)]


def prompt_tokens(request):
    """Returns the tokens of a request's prompt."""
    tokens = []
    for block in request["hash_ids"]:
        tokens += block_tokens(block)
    return tokens[:request["input_length"]]


def generate(seed=1, requests=300):
    """Returns requests of chats: new ones, which begin with one of several
    system prompts, chats that go on where they were, and prompts that come
    again unchanged."""
    rng = random.Random(seed)
    system_prompts = [0]
    next_id = 1
    timestamp = 0
    result = []
    for _ in range(requests):
        timestamp += rng.choice([0, 0, 100, 1000, 3000])
        kind = rng.random()
        if result and kind < 0.15:
            request = dict(rng.choice(result))
        else:
            if result and kind < 0.6:
                known = rng.choice(result)
                whole_blocks = known["input_length"] // BLOCK_TOKENS
                ids = known["hash_ids"][:whole_blocks]
            else:
                ids = [rng.choice(system_prompts)]
                if rng.random() < 0.2:
                    ids = [next_id]
                    system_prompts.append(next_id)
                    next_id += 1
            fresh = rng.randint(1, 6)
            ids = ids + list(range(next_id, next_id + fresh))
            next_id += fresh
            # Some prompts end with a block, most within one.
            unused = rng.choice([0, rng.randrange(BLOCK_TOKENS)])
            request = {"input_length": len(ids) * BLOCK_TOKENS - unused,
                       "hash_ids": ids}
        result.append({"timestamp": timestamp,
                       "input_length": request["input_length"],
                       "output_length": rng.randint(1, 800),
                       "hash_ids": request["hash_ids"]})
    return result


def read(path):
    """Returns the requests of a trace file."""
    with open(path, encoding="ascii") as file:
        return [json.loads(line) for line in file]


def to_text(requests):
    return "".join(json.dumps(request) + "\n" for request in requests)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=300)
    arguments = parser.parse_args()
    sys.stdout.write(to_text(generate(arguments.seed, arguments.requests)))


if __name__ == "__main__":
    main()
