"""The cost of refusing the documents of each family of attacks, compared with a page of the portal.

python -m bench.attacks [--rounds 7]

CPU time of the process, the median of the rounds, in milliseconds.
"""

import argparse
import statistics
import time

import schema
from gateway.documents.document_cache import DocumentCache, first_party
from tests.gateway.documents.test_attacks import FAMILIES

SIZES = (50, 400, 2000)


def milliseconds(documents: DocumentCache, text: str, rounds: int) -> float:
    """Return the median CPU time for a text that is new in each round."""
    times = []
    for number in range(rounds):
        began = time.process_time()
        documents.prepare(text + " " * (number + 1))
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    documents = DocumentCache(schema.build(), None)
    page = milliseconds(documents, first_party()["Summary"], rounds)
    print(f"{'Summary, which is valid':60}{page:7.1f} ms")
    costs = {(family, size): milliseconds(documents, text(size), rounds) for family, text in FAMILIES.items() for size in SIZES}
    for (family, size), cost in sorted(costs.items(), key=lambda item: -item[1]):
        print(f"{f'{family}, {size}':60}{cost:7.1f} ms{cost / page:6.1f} x")


if __name__ == "__main__":
    main()
