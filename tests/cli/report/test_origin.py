"""The chain names what matters behind a prediction; the tree holds all of it."""

from cli.demo.report.origin import origins
from tests.cli.report.records import answer


def test_the_chain_leads_from_the_prediction_to_the_data() -> None:
    (origin,) = origins([answer(2)])
    assert [(link.kind, link.name) for link in origin.chain] == [
        ("Prediction", "L2"),
        ("Model version", "2"),
        ("Training run", "2"),
        ("Data snapshot", "5/2"),
    ]


def test_each_object_is_there_with_its_digest() -> None:
    (origin,) = origins([answer()])
    (only,) = origin.objects
    assert (only.key, only.rows, only.sha256) == ("mortgage/incoming/part-1.csv", 300, "9" * 64)


def test_each_node_hangs_below_what_came_from_it() -> None:
    (origin,) = origins([answer()])
    kinds, below = [], list(origin.tree)
    while below:
        (leaf,) = below
        kinds.append(leaf.kind)
        below = leaf.below
    assert kinds == ["model-version", "run", "snapshot", "dataset"]


def test_an_answer_that_is_an_error_has_no_origin() -> None:
    assert origins([{"error": "no such prediction"}]) == []
