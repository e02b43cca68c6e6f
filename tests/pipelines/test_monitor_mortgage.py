"""The monitor on the example model: trained on the first 1,300 loans, serving the other 689."""

from pathlib import Path

import pytest

from cli.demo import mortgage
from tabular.scoring import load_archive
from tests.pipelines.house import House, Upload, mortgage_spec
from tests.pipelines.monitored import BASELINE, Production, captured, checks, outcome

BIAS = {"white": {"disadvantaged": 0, "group": None, "max_abs": {"DPPL": 0.15}}}


@pytest.fixture(scope="module")
def house(aws: None, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The model, trained and reported on."""
    house = House(tmp_path_factory.mktemp("house"))
    parts = [Upload(f"mortgage/incoming/{n}.csv", mortgage.part(n)) for n in range(1, 6)]
    house.run(mortgage_spec(), parts)
    return house


@pytest.fixture
def served(house: House, tmp_path: Path) -> Production:
    """The baseline that the run left, and the loans that it never saw, asked for in one hour."""
    production = Production(tmp_path)
    reports = house.root / "reports"
    for path in reports.rglob("*.*"):
        uri = f"{BASELINE}{path.relative_to(reports).as_posix()}"
        production.shelf.objects[uri] = path.read_bytes()
    archive = house.root / "model" / "model.tar.gz"
    production.shelf.objects["s3://artifact/model.tar.gz"] = archive.read_bytes()
    production.shelf.lay("s3://artifact/specs/spec.json", mortgage_spec())
    ask(production, archive, mortgage.records()[1300:])
    return production


def ask(production: Production, archive: Path, loans: list[dict[str, str]]) -> None:
    model = load_archive(archive)
    scores = model.score(model.cells(loans))
    production.capture(
        [
            captured(",".join(loan[name] for name in model.features), loan["application_id"],
                     f"{score:.6f}")
            for loan, score in zip(loans, scores, strict=True)
        ]
    )  # fmt: skip
    production.learn(
        [outcome(loan["application_id"], f"{loan['approve']},{loan['white']}") for loan in loans]
    )


@pytest.mark.parametrize(
    "kind", ["data_quality", "prediction_drift", "model_quality", "bias", "explainability"]
)
def test_loans_like_those_of_training_are_no_violation(served: Production, kind: str) -> None:
    found = served.watch(kind, model="mortgage", bias=BIAS)
    assert checks(found) == []
    assert found["window"]["rows"] == 689


def test_loans_of_poorer_people_are_noticed(house: House, served: Production) -> None:
    poorer = [
        loan | {"appinc": str(float(loan["appinc"]) * 0.6), "hrat": str(float(loan["hrat"]) * 1.3)}
        for loan in mortgage.records()[1300:]
    ]
    ask(served, house.root / "model" / "model.tar.gz", poorer)
    violations = served.watch("data_quality", model="mortgage", bias=BIAS)["violations"]
    assert {(one["feature_name"], one["direction"]) for one in violations} == {
        ("appinc", "down"),
        ("hrat", "up"),
    }
