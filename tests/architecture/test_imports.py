"""Dependencies point one way: functions -> act, observe, record -> decide -> standard library."""

import sys

from tests.architecture.source import CONCERNS, ROOT, attributes, files, importing, imports, name

# Modules of the standard library that let the outside in, or another result out, on a second call.
IMPURE = (
    "os",
    "time",
    "random",
    "secrets",
    "uuid",
    "logging",
    "socket",
    "subprocess",
    "pathlib",
    "io",
)
# What a decision may know of Steward besides decide/ itself: values, and their digests.
PLAIN = (
    "steward.decide",
    "steward.digest",
    "steward.events.types",
    "steward.names",
    "steward.spec.kinds",
    "steward.spec.model",
    "steward.spec.shifting",
    "steward.times",
    "steward.words",
)
# What ships with the functions; whatever else they import would be missing on Lambda.
SHIPPED = ("steward", "boto3", "botocore", "aws_lambda_powertools")
# Types of boto3's clients, for the checker only.
TYPES_ONLY = ("mypy_boto3_",)


def test_every_concern_has_one_handler_file() -> None:
    assert [name(path) for path in files("functions")] == [
        f"functions/{concern}/app.py" for concern in sorted(CONCERNS)
    ]


def test_production_code_never_imports_the_embedded_aws_the_command_or_tests() -> None:
    production = files("functions", "layers", "pipelines")
    assert importing(production, "local_aws", "cli", "tests", "benchmarks", "moto") == []


def test_functions_import_only_what_ships_with_them() -> None:
    foreign = [
        f"{name(path)} imports {imported}"
        for path in files("functions", "layers")
        for imported in imports(path)
        if imported.partition(".")[0] not in (*sys.stdlib_module_names, *SHIPPED)
        and not imported.startswith(TYPES_ONLY)
    ]
    assert foreign == []


def test_functions_do_without_the_parts_of_powertools_that_cost_seconds_or_packages() -> None:
    heavy = ("tracing", "utilities.parser", "utilities.idempotency", "event_handler")
    packages = (f"aws_lambda_powertools.{part}" for part in heavy)
    assert importing(files("functions", "layers"), *packages) == []


def test_decisions_import_only_values_and_pure_parts_of_the_standard_library() -> None:
    decide = files("layers/core/steward/decide")
    assert importing(decide, *IMPURE) == []
    foreign = [
        f"{name(path)} imports {imported}"
        for path in decide
        for imported in imports(path)
        if imported.partition(".")[0] not in sys.stdlib_module_names
        and not f"{imported}.".startswith(tuple(f"{plain}." for plain in PLAIN))
    ]
    assert foreign == []


def test_only_aws_py_imports_boto3() -> None:
    others = _all_but("aws.py")
    assert importing(others, "boto3", "botocore") == []


def test_only_settings_py_reads_the_environment() -> None:
    reads = ("os.environ", "os.getenv", "os.environb")
    assert _using(_all_but("settings.py"), reads) == []


def test_only_clock_py_asks_the_time() -> None:
    asks = (
        "time.time", "time.time_ns", "time.monotonic", "time.localtime", "time.gmtime",
        "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
        "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today",
    )  # fmt: skip
    assert _using(_all_but("clock.py"), asks) == []


def _all_but(module: str) -> list:
    exempt = ROOT / "layers/core/steward" / module
    everything = files("functions", "layers")
    assert exempt in everything
    return [path for path in everything if path != exempt]


def _using(paths: list, names: tuple[str, ...]) -> list[str]:
    """Uses of these dotted names, however they were imported."""
    by_attribute = [
        f"{name(path)} uses {found}"
        for path in paths
        for found in attributes(path)
        if found.startswith(names) and any(f"{found}.".startswith(f"{one}.") for one in names)
    ]
    return by_attribute + importing(paths, *names)
