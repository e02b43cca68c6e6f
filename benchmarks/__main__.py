"""Measures what was built against its bounds: a table, and build/bench/summary.json.

    python -m benchmarks .aws-sam/build

Exit code 1 if a bound is broken.
"""

import json
import sys
from pathlib import Path

from benchmarks.cold import CLIENTS, cold_ratios

SUMMARY = Path(__file__).parent.parent / "build" / "bench" / "summary.json"
# The most that each figure may be.
BOUNDS = {"layers_mb": 35.0} | {f"cold_ratio.{concern}": 1.4 for concern in CLIENTS}


def main(build: Path) -> int:
    """Measure, tell, and return the exit code."""
    if not list(build.glob("*Layer")):
        print(f"nothing was built in {build}: run `make bench`", file=sys.stderr)
        return 1
    print("measuring cold starts, a minute or two ...", file=sys.stderr)
    figures = {"layers_mb": layers_mb(build)} | cold_ratios(build)
    rounded = {name: round(figure, 2) for name, figure in figures.items()}
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
    print("\n".join(table(figures)))
    return 1 if broken(figures) else 0


def layers_mb(build: Path) -> float:
    """Megabytes of all layers, unzipped."""
    files = [path for path in build.glob("*Layer/**/*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6


def broken(figures: dict[str, float]) -> set[str]:
    """The figures that are above their bounds."""
    return {name for name, figure in figures.items() if figure > BOUNDS[name]}


def table(figures: dict[str, float]) -> list[str]:
    """One line for each figure."""
    lines = [f"{'':24}{'measured':>10}{'at most':>10}"]
    for name, figure in figures.items():
        verdict = "  too much" if name in broken(figures) else ""
        lines.append(f"{name:24}{figure:10.2f}{BOUNDS[name]:10.2f}{verdict}")
    return lines


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
