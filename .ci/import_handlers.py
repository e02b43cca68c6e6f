"""Import every handler from what `sam build` made, with nothing but the built layers on the path.

    python -I .ci/import_handlers.py .aws-sam/build

Each function gets a fresh interpreter without site-packages, as on Lambda. The packages are those
for arm64; they import anywhere because none holds machine code, which is checked too.
"""

import subprocess
import sys
import time
from pathlib import Path

# What is unzipped below /opt and /var/task may be 250 MB on Lambda; cold starts ask for far less.
MOST_MEGABYTES = 35
IMPORT = """
import sys
sys.path[:0] = sys.argv[1:]
import app
assert callable(app.lambda_handler)
"""


def main(build: Path) -> int:
    """Return 0 if every handler can be imported and the layers are small."""
    layers = sorted(build.glob("*Layer/python"))
    functions = sorted(path.parent for path in build.glob("*Function/app.py"))
    faults = [] if functions else [f"no function was built in {build}"]
    faults += [f"{path} is compiled for one machine" for path in build.glob("*Layer/**/*.so")]
    size = sum(path.stat().st_size for path in build.glob("*Layer/**/*") if path.is_file()) / 1e6
    print(f"layers: {size:.1f} MB unzipped")
    if size > MOST_MEGABYTES:
        faults.append(
            f"the layers are {size:.1f} MB unzipped; at most {MOST_MEGABYTES} are allowed"
        )
    faults += [fault for function in functions if (fault := import_handler(function, layers))]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def import_handler(function: Path, layers: list[Path]) -> str | None:
    """Import one handler in an interpreter of its own; return what went wrong."""
    started = time.perf_counter()
    paths = [str(path.resolve()) for path in (function, *layers)]
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORT, *paths]
    environment = {"AWS_DEFAULT_REGION": "eu-west-1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"{function.name} cannot be imported:\n{done.stderr}"
    print(f"{function.name}: imported in {time.perf_counter() - started:.2f} s")
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
