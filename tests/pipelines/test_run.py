"""The four scripts one after another, on the real data of the demo."""

import ast
import io
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest

from cli.demo import mortgage
from pipelines import bundle
from pipelines.tabular.steps import evaluate
from tabular import failing
from tabular.failing import StepFailed
from tabular.files import read_rows
from tabular.scoring import load_archive
from tabular.spec import read_spec
from tests.pipelines.house import REPOSITORY, House, Json, Upload, mortgage_spec

TABULAR = REPOSITORY / "pipelines" / "tabular"
SCRIPTS = sorted([*(TABULAR / "steps").rglob("*.py"), *(TABULAR / "source").rglob("*.py")])


def uploads(parts: int) -> list[Upload]:
    return [
        Upload(f"mortgage/incoming/part-{number}.csv", mortgage.part(number))
        for number in range(1, parts + 1)
    ]


@pytest.fixture(scope="module")
def first(aws: None, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Version 1, from three files."""
    house = House(tmp_path_factory.mktemp("first"))
    house.run(mortgage_spec(), uploads(3))
    return house


@pytest.fixture(scope="module")
def second(first: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Version 2, from five files, compared with version 1."""
    house = House(tmp_path_factory.mktemp("second"))
    house.run(mortgage_spec(), uploads(5), champion_uri=first.keep_model("first"))
    return house


def auc(metrics: Json) -> float:
    return metrics["binary_classification_metrics"]["auc"]["value"]


def dppl(house: House) -> float:
    report = house.read("reports/bias/analysis.json")["post_training_bias_metrics"]
    (entry,) = report["facets"]["white"]
    assert entry["value_or_threshold"] == "0"
    return next(metric["value"] for metric in entry["metrics"] if metric["name"] == "DPPL")


def test_the_first_version_passes_the_example_models_gate(first: House) -> None:
    evaluation = first.read("evaluation/evaluation.json")
    assert evaluation["rows"] == {"train": 640, "test": 260}
    assert evaluation["champion"] is None
    assert auc(evaluation) == pytest.approx(0.768, abs=0.005)
    assert evaluation["gate"]["margin"] == pytest.approx(auc(evaluation) - 0.65)
    assert evaluation["gate"]["sentence"] == "auc 0.768 reaches the required 0.650"


def test_more_data_makes_a_better_version_on_the_same_rows(second: House) -> None:
    evaluation = second.read("evaluation/evaluation.json")
    assert evaluation["rows"] == {"train": 920, "test": 380}
    compared = evaluation["champion"]
    assert compared["uri"] == "s3://artifacts/first/model.tar.gz"
    assert (compared["basis"], compared["rows"]) == ("all", 380)
    assert compared["candidate"]["auc"]["value"] == auc(evaluation)
    assert auc(evaluation) - auc(compared) > 0.01


def test_both_versions_stay_within_the_example_models_limit_of_bias(
    first: House, second: House
) -> None:
    assert abs(dppl(first)) < 0.15
    assert abs(dppl(second)) < 0.15


def test_the_evaluation_names_the_archive_it_measured(first: House) -> None:
    archive = (first.root / "model" / "model.tar.gz").read_bytes()
    named = first.read("evaluation/evaluation.json")["artifact"]["sha256"]
    assert named == bundle.digest(archive)


def test_the_report_explains_every_feature_and_describes_the_training_rows(first: House) -> None:
    features = list(mortgage.FEATURES)
    explained = first.read("reports/explainability/analysis.json")["explanations"]
    importance = explained["permutation_importance"]["approve"]
    assert list(importance["global_importance_values"]) == features
    worth = importance["global_importance_values"]
    assert max(worth, key=worth.get) == "cons"  # the credit history
    assert 0.03 < worth["cons"] < 0.1  # of probability
    assert importance["expected_value"] == pytest.approx(0.88, abs=0.05)
    statistics = first.read("reports/baseline/statistics.json")
    assert statistics["dataset"] == {"item_count": 640}
    assert [feature["name"] for feature in statistics["features"]] == features
    quality = first.read("reports/quality/constraints.json")
    assert quality["binary_classification_constraints"] == {
        "auc": {"threshold": 0.65, "comparison_operator": "LessThanThreshold"}
    }


def test_a_monitor_finds_the_training_rows_and_the_answers_to_the_test_rows(first: House) -> None:
    kept = read_rows(first.root / "reports/baseline/rows.csv")
    assert (len(kept), list(kept[0])) == (640, list(mortgage.FEATURES))
    answers = read_rows(first.root / "reports/baseline/predictions.csv")
    assert (len(answers), list(answers[0])) == (260, ["score", "approve", "white"])
    model = load_archive(first.root / "model" / "model.tar.gz")
    scores = model.score(model.cells(read_rows(first.root / "test/test.csv")))
    assert [float(row["score"]) for row in answers] == pytest.approx(scores, abs=1e-6)


def test_no_name_and_no_number_of_a_person_is_in_anything_that_was_written(second: House) -> None:
    with tarfile.open(second.root / "model" / "model.tar.gz") as tar:
        members = [tar.extractfile(member).read() for member in tar if member.isfile()]
    written = b"\n".join([*second.written().values(), *members])
    known = [record for record in mortgage.records() if record["application_id"] <= "L01300"]
    assert b"L00001" in written  # keys are kept: they are how a prediction is found again
    assert [r["name"] for r in known if r["name"].encode() in written] == []
    assert [r["ssn"] for r in known if r["ssn"].encode() in written] == []


def test_the_same_snapshot_makes_the_same_model(first: House, house: House) -> None:
    house.run(mortgage_spec(), uploads(3))
    for path in ("model-dir/model.joblib", "train/train.csv", "reports/bias/analysis.json"):
        assert (house.root / path).read_bytes() == (first.root / path).read_bytes()


def test_the_archive_answers_the_demos_requests_through_its_own_code(first: House) -> None:
    model = load_archive(first.root / "model" / "model.tar.gz")
    assert model.features == mortgage.FEATURES
    payloads = [application.payload for application in mortgage.production()]
    scores = model.score([payload.split(",") for payload in payloads])
    assert len(scores) == 689
    assert 0 < scores.min() < 0.5 < scores.max() < 1


def test_a_serving_version_that_needs_a_lost_column_cannot_be_compared_and_says_so(
    first: House, house: House
) -> None:
    spec = mortgage_spec()
    del spec["data"]["features"]["term"]
    evaluation = house.run(spec, uploads(3), champion_uri=first.keep_model("first"))
    assert evaluation["champion"]["binary_classification_metrics"]["auc"] == {
        "value": None,
        "error": "It needs term, which the spec no longer has.",
    }


def rows(count: int, ok: object = None) -> list[dict[str, str]]:
    return [{"approve": str(number % 2 if ok is None else ok)} for number in range(count)]


@pytest.mark.parametrize(
    ("recent", "basis", "count", "why"),
    [
        (rows(150), "recent", 150,
         "150 of 200 test rows are recent, 150 are needed: they are compared on"),
        (rows(149), "all", 200,
         "149 of 200 test rows are recent, 150 are needed: all are compared on"),
        ([], "all", 200, "0 of 200 test rows are recent, 150 are needed: all are compared on"),
        (rows(160, ok=1), "all", 200,
         ("160 of 200 test rows are recent, 150 are needed, but approve is 1 in all of them:"
          " all are compared on")),
    ],
)  # fmt: skip
def test_two_versions_compete_on_recent_rows_if_these_are_enough(
    house: House, recent: list[dict[str, str]], basis: str, count: int, why: str
) -> None:
    spec = read_spec(house.lay("spec", mortgage_spec()).parent)
    where = evaluate.arena(rows(200), recent, spec)
    assert (where.basis, len(where.rows), where.why) == (basis, count, why)


def test_the_serving_version_and_the_new_one_are_measured_on_the_same_recent_rows(
    first: House, house: House
) -> None:
    spec = mortgage_spec()
    spec["gate"]["min_test_rows"] = 100
    older, both = house.snapshot(uploads(3)), house.snapshot(uploads(5))
    both["objects"][:3] = older["objects"]
    house.prepare(spec, both, champion_snapshot=house.keep_snapshot(older))
    house.train()
    evaluation = house.evaluate(first.keep_model("first"))
    compared = evaluation["champion"]
    assert (compared["basis"], compared["rows"]) == ("recent", 120)
    assert compared["why"] == (
        "120 of 380 test rows are recent, 100 are needed: they are compared on"
    )
    assert set(compared["candidate"]) == set(compared["binary_classification_metrics"])
    assert compared["candidate"]["auc"]["value"] != auc(evaluation)
    assert evaluation["rows"] == {"train": 920, "test": 380}


def test_a_hyperparameter_that_the_estimator_does_not_know_is_named(
    first: House, house: House
) -> None:
    house.prepare(mortgage_spec(max_depht=3), house.snapshot(uploads(3)))
    with pytest.raises(StepFailed, match=r"hyperparameters\] of mortgage: .*'max_depht'"):
        house.train()


@pytest.mark.parametrize(
    ("minimums", "margin", "sentence"),
    [
        ({}, 0.0, "no metric is required"),
        ({"auc": 0.7}, -0.1, "auc 0.600 is below the required 0.700"),
        ({"auc": 0.5, "recall": 0.75}, 0.05,
         "auc 0.600 reaches the required 0.500; recall 0.800 reaches the required 0.750"),
        ({"auc": 0.5, "precision": 0.1}, -1.0,
         "auc 0.600 reaches the required 0.500; precision is undefined on the test rows"),
    ],
)  # fmt: skip
def test_the_gate_gives_the_least_margin_and_says_all(
    minimums: dict[str, float], margin: float, sentence: str
) -> None:
    verdict = evaluate.gate(minimums, {"auc": 0.6, "recall": 0.8, "precision": float("nan")})
    assert verdict["margin"] == pytest.approx(margin)
    assert verdict["sentence"] == sentence


def test_the_gate_knows_which_metrics_there_are() -> None:
    with pytest.raises(StepFailed, match="knows auc, not acuracy"):
        evaluate.gate({"acuracy": 0.5}, {"auc": 0.6})


def test_a_failing_step_leaves_one_sentence_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise StepFailed("The data is gone.")

    monkeypatch.setenv("EXIT_MESSAGE_FILE", str(tmp_path / "output" / "message"))
    with pytest.raises(SystemExit) as ended:
        failing.run(fail)
    assert ended.value.code == 1
    assert capsys.readouterr().err == "The data is gone.\n"
    assert (tmp_path / "output" / "message").read_text() == "The data is gone."


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_takes_every_path_from_its_arguments_or_environment(script: Path) -> None:
    place = re.compile(r"/\w|~|file:")
    assert [text for text in texts(script) if place.match(text)] == []


def texts(script: Path) -> Iterator[str]:
    """Every text that the program itself uses."""
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_published_code_runs_without_the_repository(tmp_path: Path) -> None:
    training = bundle.content(TABULAR / "source", "sourcedir.tar.gz")
    (tmp_path / "library.zip").write_bytes(bundle.content(TABULAR / "source", "library.zip"))
    for name in ("prepare", "evaluate", "report"):
        (tmp_path / f"{name}.py").write_bytes((TABULAR / "steps" / f"{name}.py").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(training)) as tar:
        tar.extractall(tmp_path / "training", filter="data")
    load = "import json, runpy, sys; [runpy.run_path(path) for path in json.loads(sys.argv[1])]"
    scripts = json.dumps([f"{name}.py" for name in ("prepare", "evaluate", "report")])
    subprocess.run(
        [sys.executable, "-c", load, scripts],
        cwd=tmp_path, env={"PYTHONPATH": "library.zip"}, check=True,
    )  # fmt: skip
    asked = subprocess.run(
        [sys.executable, "train.py", "--help"],
        cwd=tmp_path / "training", env={}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "--model-dir" in asked.stdout


def test_the_model_file_holds_no_row(first: House) -> None:
    model = joblib.load(first.root / "model-dir" / "model.joblib")
    assert set(model) == {"estimator", "features", "categories"}
