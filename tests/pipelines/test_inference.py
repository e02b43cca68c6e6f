"""What an endpoint answers."""

import numpy as np
import pytest

import inference
import train
from tabular.spec import Spec

SPEC = Spec(
    model="small",
    key="id",
    label="ok",
    time=None,
    facets=(),
    pii={},
    features={"income": "number", "city": "category"},
    test_percent=30,
    hyperparameters={"min_samples_leaf": 1, "max_iter": 20, "random_state": 0},
    threshold=0.5,
    minimums={},
    min_test_rows=150,
    disadvantaged={},
    groups={},
)
# In Rome everybody is granted; elsewhere it takes an income of 50 or more.
ROWS = [
    {"income": str(income), "city": city, "ok": str(int(city == "Rome" or income >= 50))}
    for income in range(0, 100, 2)
    for city in ("Rome", "Bonn")
]


@pytest.fixture(scope="module")
def model() -> inference.Model:
    return train.fit(SPEC, ROWS)


def ask(model: inference.Model, body: str | bytes) -> list[float]:
    scores = inference.predict_fn(inference.input_fn(body, "text/csv"), model)
    text, content_type = inference.output_fn(scores, "application/json")
    assert content_type == "text/csv"
    return [float(line) for line in text.splitlines()]


def test_each_row_gets_one_probability_in_the_order_of_the_request(model: inference.Model) -> None:
    answers = ask(model, "10,Bonn\n10,Rome\n90,Bonn\n")
    assert [answer > 0.5 for answer in answers] == [False, True, True]


def test_a_request_may_be_bytes_and_may_lack_the_last_line_end(model: inference.Model) -> None:
    assert ask(model, b"10,Bonn") == ask(model, "10,Bonn\n")


def test_an_empty_cell_and_an_unknown_category_are_missing_values(model: inference.Model) -> None:
    cells = inference.input_fn(",Paris\n50,\n", "text/csv; charset=utf-8")
    table = inference.matrix(cells, model["features"], model["categories"])
    assert np.isnan(table).tolist() == [[True, True], [False, True]]
    assert len(inference.predict_fn(cells, model)) == 2


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("10\n", "Row 1 has 1 cells, the model takes 2: income, city."),
        ("much,Bonn\n", "income must be a number or empty."),
        ("inf,Bonn\n", "income must be a number or empty."),
        ("", "The request holds no row."),
    ],
)
def test_a_request_that_does_not_fit_is_refused_without_quoting_it(
    model: inference.Model, body: str, sentence: str
) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011  the sentence is compared below
        ask(model, body)
    assert str(refusal.value) == sentence


def test_another_content_type_is_refused() -> None:
    with pytest.raises(ValueError, match="reads text/csv, not application/json"):
        inference.input_fn("{}", "application/json")
