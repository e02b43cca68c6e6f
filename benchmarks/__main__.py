"""Measures what was built against its bounds: a table, and build/bench/summary.json.

    python -m benchmarks .aws-sam/build

Exit code 1 if a bound is broken.
"""

import json
import sys
from pathlib import Path

from benchmarks.calls import aws_calls
from benchmarks.cold import CLIENTS, cold_ratios
from benchmarks.drift import drifted
from benchmarks.flood import flooded
from benchmarks.judge import judged
from benchmarks.lineage import DEPTH, costs

SUMMARY = Path(__file__).parent.parent / "build" / "bench" / "summary.json"
AT_MOST = {
    "layers_mb": 35.0,
    "judge.false_worse": 0.05,
    "aws_calls.first_deploy": 14.0,
    "aws_calls.update": 20.0,
    "aws_calls.noop": 6.0,
    "drift.baselines_with_false_retrains": 1.0,
    "drift.retrains_undiminished_month": 1.0,
    "drift.retrains_after_new_baseline": 0.0,
    "served_at.items_read": 1.0,
    "trace.requests_1k": DEPTH + 4.0,
    "trace.requests_100k": DEPTH + 4.0,
    "trace.requests_grown": 0.0,
    "fact.write_units_base": 4.0,
    "fact.write_units_per_edge": 4.0,
    "repeat.write_units": 0.0,
    "ledger.verify_100k_s": 10.0,
    "flood.memory_not_once": 0.0,
    "flood.memory_runs": 2.0,
    "flood.embedded_not_once": 0.0,
    "flood.embedded_runs": 2.0,
    "flood.embedded_s": 180.0,
} | {f"cold_ratio.{concern}": 1.4 for concern in CLIENTS}
AT_LEAST = {
    "judge.power_1_to_3": 0.95,
    "judge.power_1_to_2": 0.70,
    "drift.detected_within_3": 0.99,
    "drift.retrains_undiminished_month": 1.0,
    "flood.memory_objects_per_invocation": 100.0,
    "flood.embedded_objects_per_invocation": 100.0,
}


def main(build: Path) -> int:
    """Measure, tell, and return the exit code."""
    if not list(build.glob("*Layer")):
        print(f"nothing was built in {build}: run `make bench`", file=sys.stderr)
        return 1
    print("measuring cold starts, a minute or two ...", file=sys.stderr)
    figures = {"layers_mb": layers_mb(build)} | aws_calls() | judged() | drifted()
    figures |= costs() | flooded()
    figures |= cold_ratios(build)
    rounded = {name: round(figure, 4) for name, figure in figures.items()}
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
    print("\n".join(table(figures)))
    return 1 if broken(figures) else 0


def layers_mb(build: Path) -> float:
    """Megabytes of all layers, unzipped."""
    files = [path for path in build.glob("*Layer/**/*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6


def broken(figures: dict[str, float]) -> set[str]:
    """The figures that break a bound; most have one, some stand beside another to compare."""
    return {
        name
        for name, figure in figures.items()
        if figure > AT_MOST.get(name, figure) or figure < AT_LEAST.get(name, figure)
    }


def table(figures: dict[str, float]) -> list[str]:
    """One line for each figure."""
    lines = [f"{'':38}{'measured':>10}{'bound':>16}"]
    for name, figure in figures.items():
        verdict = "  broken" if name in broken(figures) else ""
        lines.append(f"{name:38}{figure:10.3f}{_bound(name):>16}{verdict}")
    return lines


def _bound(name: str) -> str:
    if name in AT_MOST and AT_MOST[name] == AT_LEAST.get(name):
        return f"exactly {AT_MOST[name]:g}"
    if name in AT_MOST:
        return f"at most {AT_MOST[name]:g}"
    return f"at least {AT_LEAST[name]:g}" if name in AT_LEAST else ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
