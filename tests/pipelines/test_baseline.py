"""The baseline files, in the shapes of SageMaker Model Monitor."""

from tabular import baseline

ROWS = [
    {"income": "10", "children": "0", "city": "Rome"},
    {"income": "20", "children": "3", "city": "Bonn"},
    {"income": "", "children": "1", "city": "Rome"},
    {"income": "-30.5", "children": "1", "city": ""},
]
FEATURES = {"income": "number", "children": "integer", "city": "category"}


def test_statistics_describe_each_feature_in_the_order_of_the_payload() -> None:
    income, children, city = baseline.statistics(ROWS, FEATURES)["features"]
    assert income["inferred_type"] == "Fractional"
    numbers = income["numerical_statistics"]
    assert numbers["common"] == {"num_present": 3, "num_missing": 1}
    assert (numbers["min"], numbers["max"], numbers["sum"]) == (-30.5, 20.0, -0.5)
    assert children["inferred_type"] == "Integral"
    assert city == {
        "name": "city",
        "inferred_type": "String",
        "string_statistics": {
            "common": {"num_present": 3, "num_missing": 1},
            "distinct_count": 2,
            "distribution": {
                "categorical": {
                    "buckets": [{"value": "Bonn", "count": 1}, {"value": "Rome", "count": 2}]
                }
            },
        },
    }


def test_constraints_say_what_each_feature_may_be() -> None:
    income, children, city = baseline.constraints(ROWS, FEATURES)["features"]
    assert income["completeness"] == 0.75
    assert income["num_constraints"] == {"is_non_negative": False}
    assert children["num_constraints"] == {"is_non_negative": True}
    assert city["string_constraints"] == {"domains": ["Bonn", "Rome"]}


def test_every_cell_of_a_feature_must_be_of_its_type_and_of_its_domain() -> None:
    config = baseline.constraints(ROWS, FEATURES)["monitoring_config"]
    assert config["datatype_check_threshold"] == config["domain_content_threshold"] == 1.0


def distribution(values: range) -> dict:
    rows = [{"income": str(value)} for value in values]
    (income,) = baseline.statistics(rows, {"income": "number"})["features"]
    return income["numerical_statistics"]["distribution"]["kll"]


def test_ten_buckets_of_equal_width_hold_every_value_once() -> None:
    buckets = distribution(range(101))["buckets"]
    assert [bucket["count"] for bucket in buckets] == [10] * 9 + [11]
    assert (buckets[0]["lower_bound"], buckets[-1]["upper_bound"]) == (0.0, 100.0)


def test_a_feature_with_one_value_has_one_bucket() -> None:
    rows = [{"income": "7"}] * 3
    (income,) = baseline.statistics(rows, {"income": "number"})["features"]
    buckets = income["numerical_statistics"]["distribution"]["kll"]["buckets"]
    assert buckets == [{"lower_bound": 7.0, "upper_bound": 7.0, "count": 3}]


def test_a_feature_without_any_value_has_no_distribution() -> None:
    (income,) = baseline.statistics([{"income": ""}], {"income": "number"})["features"]
    assert income["numerical_statistics"] == {"common": {"num_present": 0, "num_missing": 1}}


def test_the_sketch_holds_few_values_whole_and_many_thinned_out() -> None:
    assert distribution(range(2048))["sketch"]["data"] == [[float(n) for n in range(2048)]]
    thinned = distribution(range(5000))["sketch"]["data"]
    assert [len(level) for level in thinned] == [0, 0, 1250]  # at level 2 each stands for 4
    assert thinned[2][:2] == [2.0, 6.0]
