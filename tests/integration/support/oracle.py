"""A deliberately naive model of the controller, to compare its answers with.

It reads the workers' journals and answers lookups by brute force, with the
rules of the HTTP API and CPython's own hash().
"""
import pathlib

CPU, DISK = 0, 1
LOCATION_NAMES = {CPU: "LocalCPUBackend", DISK: "LocalDiskBackend"}
MASK = 2**64 - 1


def chunk_hashes(tokens, chunk_size=256, none_hash=0, partial=True):
    """Returns the hashes of a prompt's chunks, as unsigned 64-bit integers.

    `partial` says whether an incomplete last chunk has one. Integers hash alike
    under every PYTHONHASHSEED.
    """
    result = []
    previous = none_hash
    for start in range(0, len(tokens), chunk_size):
        chunk = tuple(tokens[start:start + chunk_size])
        if len(chunk) < chunk_size and not partial:
            break
        previous = hash((previous, chunk, ()))
        result.append(previous & MASK)
    return result


def read_journal(path):
    """Returns what each worker of a process holds after all changes:
    {"instance/rank": {hash: {location}}}.

    Raises ValueError for a change that changes nothing. The last line may be
    torn, by a kill: it is ignored then.
    """
    workers = {}
    lines = pathlib.Path(path).read_text(encoding="ascii").split("\n")
    for number, line in enumerate(lines[:-1], 1):
        action, _, rest = line.partition(" ")
        if action == "W" and rest not in workers:
            workers[rest] = {}
            continue
        location, chunk, worker = rest.split(" ", 2)
        location, chunk = int(location), int(chunk)
        if worker not in workers:
            raise ValueError(f"{path}:{number}: no such worker: {line}")
        held = workers[worker]
        if location not in LOCATION_NAMES or not 0 <= chunk <= MASK:
            raise ValueError(f"{path}:{number}: no location or hash: {line}")
        where = held.setdefault(chunk, set())
        if action not in "AE" or (action == "A") == (location in where):
            raise ValueError(f"{path}:{number}: changes nothing: {line}")
        if action == "A":
            where.add(location)
        else:
            where.remove(location)
            if not where:
                del held[chunk]
    return workers


class Oracle:
    """Knows what every worker holds: `holdings` is {instance: {rank: held}}."""

    def __init__(self, chunk_size=256, none_hash=0):
        self.chunk_size = chunk_size
        self.none_hash = none_hash
        self.holdings = {}

    def read(self, directory):
        """Takes the journals in `directory`, one per process, in place of what
        was known; of a worker with several, that with the greatest number.
        Returns the oracle."""
        self.holdings = {}
        for path in sorted(pathlib.Path(directory).glob("*.journal"),
                           key=lambda path: int(path.stem)):
            for worker, held in read_journal(path).items():
                instance, _, rank = worker.rpartition("/")
                ranks = self.holdings.setdefault(instance, {})
                ranks[int(rank)] = held
        return self

    def forget(self, instance):
        """The instance is not to be found any more."""
        self.holdings.pop(instance, None)

    def lookup(self, tokens):
        """Returns {instance: [location, matched_tokens]}, longest first; an
        instance counts with all ranks whose journals there are."""
        hashes = chunk_hashes(tokens, self.chunk_size, self.none_hash)
        matches = []
        for instance, ranks in self.holdings.items():
            count = 0
            while count < len(hashes) and all(
                    hashes[count] in held for held in ranks.values()):
                count += 1
            if count > 0:
                last = hashes[count - 1]
                in_memory = all(CPU in held[last] for held in ranks.values())
                matches.append(
                    (-min(count * self.chunk_size, len(tokens)), instance,
                     LOCATION_NAMES[CPU if in_memory else DISK]))
        return {instance: [location, -matched]
                for matched, instance, location in sorted(matches)}
