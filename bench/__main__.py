"""How the benchmark is run: `make bench`, or `.venv-bench/bin/python -m bench --help` for less or more of it."""

import argparse
import shutil
import signal
import sys
from pathlib import Path

from bench.celery_stack import find_redis_server
from bench.endpoints import listening
from bench.report import missed_floors, print_report, report_of, write_json
from bench.rounds import Round, Size, measure_round

_FOLDER = Path(__file__).parent.parent / ".cache" / "bench"


def main() -> int:
    """All rounds, the tables, and with --check whether the floors hold."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    report = report_of(" ".join(["python -m bench", *sys.argv[1:]]), _measure(options))
    print_report(report)
    write_json(report, _FOLDER / "results.json")
    print("\nEverything that was measured is in .cache/bench/results.json")
    if missed := missed_floors(report):
        print("\n".join(["", "Not reached:", *(f"  {each}" for each in missed)]))
    return 1 if missed and options.check else 0


def _measure(options: argparse.Namespace) -> list[Round]:
    """The rounds, each in a folder of its own on the disk of the checkout: /tmp may be memory."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)
    redis_server = options.redis_server or find_redis_server()
    size = Size(ours=options.records, theirs=options.peer_records, seconds=options.seconds)
    rounds = []
    with listening(_FOLDER) as endpoints:
        for number in range(1, options.rounds + 1):
            print(f"round {number} of {options.rounds}", file=sys.stderr, flush=True)
            folder = _FOLDER / f"round-{number}"
            folder.mkdir()
            rounds.append(measure_round(folder, endpoints, size=size, redis_server=redis_server))
    return rounds


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (3)")
    parser.add_argument("--records", type=int, default=20_000, help="time logs that Clockwire delivers a round (20000)")
    parser.add_argument("--peer-records", type=int, default=3_000, help="deliveries of Celery a round (3000)")
    parser.add_argument("--seconds", type=int, default=10, help="how long latency is measured a round (10)")
    parser.add_argument("--redis-server", type=Path, help="the Redis server to use (of the wheel, else as installed)")
    parser.add_argument("--check", action="store_true", help="fail if a floor is missed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
