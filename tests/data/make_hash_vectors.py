#!/usr/bin/env python3
"""Writes hash_vectors.txt: chunk hashes as CPython itself computes them.

A line is: algorithm chunk_size none_hash seed token_count hashes...
The last, partial chunk is hashed. The tokens are made from `seed` by the
generator below, so that the file stays small; hash_vectors_test.cpp has the
same one. Run with CPython 3.8 or later: make_hash_vectors.py > hash_vectors.txt
"""
import hashlib
import random

MASK = 2**64 - 1


def make_tokens(seed, count):
    """Yields tokens of all magnitudes."""
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) & MASK
        yield (seed >> 32) >> ((seed >> 27) & 31)


def cbor_head(major, argument):
    if argument < 24:
        return bytes([major | argument])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * size:
            return bytes([major | code]) + argument.to_bytes(size, "big")


def builtin(previous, tokens):
    return hash((previous, tokens, ()))


def sha256_cbor(previous, tokens):
    items = b"".join(cbor_head(0, token) for token in tokens)
    cbor = (b"\x83" + cbor_head(0, previous) + cbor_head(0x80, len(tokens))
            + items + b"\x80")
    return int.from_bytes(hashlib.sha256(cbor).digest()[:8], "big")


def write_vector(algorithm, chunk_size, none_hash, count):
    seed = random.getrandbits(32)
    tokens = tuple(make_tokens(seed, count))
    hashes = []
    previous = none_hash
    for start in range(0, count, chunk_size):
        previous = algorithm(previous, tokens[start:start + chunk_size])
        hashes.append(previous)
    print(algorithm.__name__, chunk_size, none_hash, seed, count, *hashes)


def main():
    random.seed(1)
    for chunk_size, chunks in ((1, 40), (3, 30), (4, 30), (16, 35), (48, 20),
                               (256, 18)):
        for _ in range(25):
            count = random.randrange(chunk_size * chunks)
            write_vector(builtin, chunk_size,
                         random.randrange(-2**63, 2**63), count)
    for chunk_size, chunks in ((1, 20), (4, 20), (16, 10), (256, 4)):
        for _ in range(25):
            count = random.randrange(chunk_size * chunks)
            write_vector(sha256_cbor, chunk_size, random.randrange(2**64),
                         count)
    for algorithm in (builtin, sha256_cbor):
        write_vector(algorithm, 256, 0, 256 * 40 + 1)


main()
