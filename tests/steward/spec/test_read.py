"""A model's file: what it may say, and that everything wrong with it is told at once."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from steward.errors import BadSpec
from steward.spec.model import BiasRule, MetricRule, ModelSpec
from steward.spec.read import read, read_all

MINIMAL = """
schema = 1
owner = "team@example.com"
[data]
prefix = "small/incoming/"
key = "id"
label = "y"
[data.features]
x = "number"
[train]
pipeline = "tabular"
[serve]
instance_type = "ml.m7i.large"
instances = 1
"""

type Faults = Callable[..., tuple[str, ...]]


@pytest.fixture
def example(root: Path) -> str:
    return (root / "models" / "mortgage.toml").read_text(encoding="utf-8")


@pytest.fixture
def faults(tmp_path: Path, example: str) -> Faults:
    """The faults of the example's file after lines of it were replaced."""

    def faults(*changes: tuple[str, str], name: str = "mortgage") -> tuple[str, ...]:
        text = example
        for line, other in changes:
            begins = rf"(?m)^{re.escape(line)}(?!\w)"
            assert len(re.findall(begins, text)) == 1, f"{line!r} must begin one line"
            text = re.sub(begins + ".*$", lambda _: other, text)  # noqa: B023
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        try:
            read(path)
        except BadSpec as bad:
            return bad.faults
        return ()

    return faults


class TestExample:
    def test_reads(self, mortgage: ModelSpec) -> None:
        assert mortgage.name == "mortgage"
        assert mortgage.owner == "credit-risk@example.com"
        assert mortgage.data.prefix == "mortgage/incoming/"
        assert mortgage.data.pii == {"name": "drop", "ssn": "hash"}
        assert list(mortgage.data.features)[:3] == ["loanamt", "price", "appinc"]
        assert mortgage.train.quiet_period == timedelta(minutes=10)
        assert mortgage.train.max_wait == timedelta(hours=6)
        assert mortgage.train.hyperparameters["learning_rate"] == 0.05
        assert mortgage.gate.metrics == {"auc": MetricRule(min=0.65, max_drop=0.02)}
        assert mortgage.gate.bias == {"white": BiasRule(0, None, {"DPPL": 0.15})}
        assert mortgage.serve.instances == 4
        assert mortgage.rollout.termination_wait == timedelta(minutes=1)
        assert mortgage.retrain.on == ("data_quality", "prediction_drift", "model_quality")
        assert mortgage.retrain.cooldown == timedelta(days=7)

    def test_a_data_file_must_have_each_column_that_is_named_anywhere(
        self, mortgage: ModelSpec
    ) -> None:
        columns = mortgage.data.columns
        assert columns[:5] == ("application_id", "approve", "white", "name", "ssn")
        assert len(columns) == len(set(columns)) == 5 + 16

    def test_is_handed_to_the_pipeline_as_it_was_written_with_its_name(
        self, mortgage: ModelSpec
    ) -> None:
        assert mortgage.source["model"] == "mortgage"
        assert mortgage.source["data"]["key"] == "application_id"  # type: ignore[index]

    def test_every_model_of_the_repository_reads(self, root: Path) -> None:
        assert "mortgage" in read_all(root / "models")


def test_what_is_not_said_has_a_careful_default(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(MINIMAL)
    spec = read(path)
    assert spec.description == "small"
    assert spec.data.marker == "_SUCCESS"
    assert (spec.data.facets, spec.data.pii) == ((), {})
    assert spec.train.quiet_period == timedelta(minutes=10)
    assert spec.gate.require == ("evaluation", "bias", "explainability", "lineage")
    assert spec.gate.approvers == ()
    assert (spec.gate.mode, spec.gate.stale) == ("manual", "hold")
    assert (spec.gate.max_evidence_age, spec.gate.approval_expires) == (None, None)
    assert spec.rollout.capture_percent == 100
    assert spec.retrain.on == ()
    assert (spec.monitor.kinds, spec.monitor.source) == ((), "steward")
    assert (spec.train.schedule, spec.train.new_rows, spec.data.time) == (None, 0, None)


class TestMonitor:
    @pytest.mark.parametrize(
        ("line", "other", "fault"),
        [
            ("source", 'source = "evidently"', "monitor.source: found 'evidently', allowed is"),
            ("kinds", 'kinds = ["vibes"]', "monitor.kinds: found ['vibes'], allowed is a list of"),
            ("every", 'every = "5h"', "monitor.every: found 5h, allowed is one of 1h, 2h, 3h"),
            ("every", 'every = "30m"', "monitor.every: found '30m', allowed is <int>s|m|h|d from"),
            ("min_rows", "min_rows = 3", "monitor.min_rows: found 3, allowed is a whole number"),
            ("alpha", "alpha = 1", "monitor.alpha: found 1, allowed is a number from"),
            ("outcomes", "", "monitor.outcomes: missing, allowed is a prefix: model_quality, bias"),
            ("outcomes", 'outcomes = "mortgage/incoming/x/"', "allowed is a prefix apart from"),
            ("percent", "percent = 0", "monitor.kinds: nothing is captured to watch"),
            ("flagged", "flagged = 4", "retrain.flagged: found 4, allowed is 1 to retrain.of (3)"),
            ("on", 'on = ["moods"]', "retrain.on: found ['moods'], allowed is a list of"),
            ("budget", "budget = -1", "retrain.budget: found -1, allowed is a whole number"),
            (
                "schema_break_blocks_training",
                'schema_break_blocks_training = "no"',
                "retrain.schema_break_blocks_training: found 'no', allowed is true or false",
            ),
            (
                "source",
                'source = "model-monitor"',
                "monitor.kinds: Model Monitor knows no 'prediction_drift', leave it out",
            ),
        ],
    )
    def test_is_refused(self, faults: Faults, line: str, other: str, fault: str) -> None:
        (found,) = faults((line, other))
        assert found.startswith(f"mortgage.toml: {fault}") or fault in found

    def test_of_more_names_than_a_job_definition_can_hold_is_refused(self, faults: Faults) -> None:
        many = "".join(f'feature_{number:04d} = "number"\n' for number in range(700))
        source = ("source =", 'source = "model-monitor"\n')
        (found,) = faults(
            source,
            ("kinds", 'kinds = ["data_quality"]'),
            ("loanamt", f'loanamt = "number"\n{many}'),
        )
        assert "data.features: found names of" in found
        assert "allowed are 9000 with Model Monitor" in found

    def test_of_bias_needs_a_rule(self, faults: Faults) -> None:
        (found,) = faults(("[gate.bias.white]", "[left]"), ("disadvantaged", ""), ("max_abs", ""))
        assert "left: unknown key" in found

    def test_of_nothing_needs_nothing(self, faults: Faults) -> None:
        assert faults(("kinds", "kinds = []"), ("outcomes", ""), ("percent", "percent = 0")) == ()


class TestGate:
    def test_says_what_bounds_a_start_and_who_approves(self, tmp_path: Path) -> None:
        path = tmp_path / "small.toml"
        gate = """
[gate]
mode = "auto"
stale = "allow"
max_evidence_age = "30d"
approval_expires = "14d"
require = ["lineage", "author"]
"""
        path.write_text(MINIMAL + gate, encoding="utf-8")
        found = read(path).gate
        assert (found.mode, found.stale) == ("auto", "allow")
        assert found.max_evidence_age == timedelta(days=30)
        assert found.approval_expires == timedelta(days=14)
        assert found.require == ("lineage", "author")


class TestGroup:
    """Conditional bias metrics are conditional on a column."""

    def test_is_a_column_that_data_must_have(self, mortgage: ModelSpec) -> None:
        rule = replace(mortgage.gate.bias["white"], group="purpose")
        spec = replace(mortgage, gate=replace(mortgage.gate, bias={"white": rule}))
        assert spec.columns[-1] == "purpose"

    @pytest.mark.parametrize("group", ["white", "application_id", "approve", "ssn"])
    def test_says_something_new(self, faults: Faults, group: str) -> None:
        (found,) = faults(("disadvantaged", f'disadvantaged = 0\ngroup = "{group}"'))
        assert found.startswith(f"mortgage.toml: gate.bias.white.group: found {group!r}, allowed")

    def test_is_missed_by_a_metric_that_needs_it(self, faults: Faults) -> None:
        (found,) = faults(("max_abs", "max_abs = { CDDPL = 0.1 }"))
        assert found == (
            "mortgage.toml: gate.bias.white.group: missing, allowed is a column name: "
            "CDDPL needs it"
        )


class TestTime:
    def test_is_a_column_that_data_must_have_and_no_feature(self, faults: Faults) -> None:
        assert faults(("label", 'label = "approve"\ntime = "applied_at"')) == ()
        (found,) = faults(("label", 'label = "approve"\ntime = "unem"'))
        assert "data.features.unem" in found


def test_the_answers_own_column_is_nobody_elses(faults: Faults) -> None:
    """A run writes the test rows' answers beside their labels, as `score`."""
    (found,) = faults(("label", 'label = "score"'))
    assert found.startswith("mortgage.toml: data: found a column 'score', allowed is another name")


class TestSchedule:
    def test_is_a_cron_expression(self, faults: Faults) -> None:
        assert faults(("pipeline", 'pipeline = "tabular"\nschedule = "0 3 * * 1"')) == ()
        (found,) = faults(("pipeline", 'pipeline = "tabular"\nschedule = "hourly"'))
        assert found == (
            "mortgage.toml: train.schedule: found 'hourly', allowed is a cron expression such as "
            "'0 3 * * 1', in UTC (1 fields, five are needed)"
        )


class TestBounds:
    """Each fault is one line: file, key, what was found, what is allowed."""

    @pytest.mark.parametrize(
        ("line", "other", "fault"),
        [
            ("schema", "schema = 2", "schema: found 2, allowed is a whole number from 1 to 1"),
            ("schema", "", "schema: missing, allowed is a whole number from 1 to 1"),
            ("owner", "", "owner: missing, allowed is a text that names who answers"),
            ("owner", 'owner = ""', "owner: found '', allowed is a text that names"),
            ("description", "description = 7", "description: found 7, allowed is a text"),
            ("prefix", 'prefix = "in"', "data.prefix: found 'in', allowed is a key prefix that"),
            ("prefix", 'prefix = "/in/"', "data.prefix: found '/in/', allowed is a key prefix"),
            ("marker", 'marker = "a/b"', "data.marker: found 'a/b', allowed is a file name"),
            ("key", 'key = "a b"', "data.key: found 'a b', allowed is a column name"),
            ("label", "label = 1", "data.label: found 1, allowed is a column name"),
            ("facets", 'facets = "white"', "data.facets: found 'white', allowed is a list of"),
            ("facets", "facets = [1]", "data.facets: found [1], allowed is a list of column"),
            ("name", 'name = "keep"', "data.pii.name: found 'keep', allowed is 'drop' or 'hash'"),
            ("price", 'price = "text"', "data.features.price: found 'text', allowed is 'number'"),
            ("pipeline", 'pipeline = "x"', "train.pipeline: found 'x', allowed is 'tabular'"),
            ("quiet_period", 'quiet_period = "59s"', "found '59s', allowed is <int>s|m|h|d from"),
            ("quiet_period", 'quiet_period = "2d"', "found '2d', allowed is <int>s|m|h|d from 1m"),
            ("quiet_period", 'quiet_period = "1w"', "train.quiet_period: found '1w', allowed is"),
            ("quiet_period", "quiet_period = 10", "train.quiet_period: found 10, allowed is <int>"),
            ("max_wait", 'max_wait = "31d"', "train.max_wait: found '31d', allowed is"),
            ("test_percent", "test_percent = 0", "found 0, allowed is a whole number from 1 to 90"),
            ("test_percent", "test_percent = 91", "train.test_percent: found 91, allowed is"),
            ("test_percent", "test_percent = 3.5", "train.test_percent: found 3.5, allowed is"),
            ("max_iter", "max_iter = [1]", "train.hyperparameters.max_iter: found [1], allowed"),
            ("mode =", 'mode = "luck"', "gate.mode: found 'luck', allowed is 'manual' or 'auto'"),
            ("mode =", 'stale = "so"', "gate.stale: found 'so', allowed is 'hold' or 'allow'"),
            (
                "mode =",
                'max_evidence_age = "5m"',
                "gate.max_evidence_age: found '5m', allowed is <int>s|m|h|d from 1h to 3650d",
            ),
            (
                "mode =",
                "approval_expires = 14",
                "gate.approval_expires: found 14, allowed is <int>s|m|h|d from 1h to 3650d",
            ),
            ("threshold", "threshold = 1.1", "found 1.1, allowed is a number from 0 to 1"),
            ("threshold", "threshold = nan", "gate.threshold: found nan, allowed is a number"),
            ("threshold", "threshold = true", "gate.threshold: found True, allowed is a number"),
            ("min_test_rows", "min_test_rows = 0", "gate.min_test_rows: found 0, allowed is"),
            ("require", 'require = ["luck"]', "gate.require: found ['luck'], allowed is a list"),
            ("approvers", 'approvers = ["al"]', "gate.approvers: found ['al'], allowed is a list"),
            ("auc", "auc = {min = -0.1}", "gate.metrics.auc.min: found -0.1, allowed is a number"),
            ("auc", "auc = {max_drop = 2}", "gate.metrics.auc.max_drop: found 2, allowed is"),
            ("auc", "auc = 0.6", "gate.metrics.auc: found 0.6, allowed is a table"),
            ("disadvantaged", "", "gate.bias.white.disadvantaged: missing, allowed is a text"),
            ("disadvantaged", "disadvantaged = [0]", "disadvantaged: found [0], allowed is a text"),
            ("max_abs", "max_abs = {DPPL = -1}", "gate.bias.white.max_abs.DPPL: found -1, allowed"),
            ("kind", 'kind = "edge"', "serve.kind: found 'edge', allowed is"),
            ("instance_type", 'instance_type = "m7i.large"', "allowed is such as 'ml.m7i.large'"),
            ("instances", "instances = 0", "serve.instances: found 0, allowed is a whole number"),
            ("instances", "instances = 101", "serve.instances: found 101, allowed is"),
            ("strategy", 'strategy = "yolo"', "rollout.strategy: found 'yolo', allowed is"),
            ("termination_wait", 'termination_wait = "61m"', "found '61m', allowed is <int>s|m"),
            ("timeout", 'timeout = "9m"', "rollout.timeout: found '9m', allowed is"),
            ("timeout", 'timeout = "9h"', "rollout.timeout: found '9h', allowed is"),
            ("percent", "percent = 101", "rollout.capture.percent: found 101, allowed is"),
            ("on = ", "on = ['weather']", "retrain.on: found ['weather'], allowed is a list of"),
            ("cooldown", "cooldown = '400d'", "retrain.cooldown: found '400d', allowed is"),
        ],
    )  # fmt: skip
    def test_is_refused(self, faults: Faults, line: str, other: str, fault: str) -> None:
        found = faults((line, other))
        assert found[0].startswith("mortgage.toml: ")
        assert fault in found[0]

    @pytest.mark.parametrize(
        ("line", "other", "key"),
        [
            ("schema", "schema = 1\ncolour = 'red'", "colour"),
            ("prefix", 'prefix = "a/"\nsuffix = "b"', "data.suffix"),
            ("pipeline", 'pipeline = "tabular"\nspeed = 3', "train.speed"),
            ("mode =", 'mode = "manual"\nmood = "good"', "gate.mood"),
            ("auc", "auc = { mean = 1 }", "gate.metrics.auc.mean"),
            ("auc", "rmse = { min = 0 }", "gate.metrics.rmse"),
            ("max_abs", "max_abs = { KS = 1 }", "gate.bias.white.max_abs.KS"),
            ("kind", 'kind = "instances"\nsize = 1', "serve.size"),
            ("strategy", 'strategy = "all-at-once"\npace = 1', "rollout.pace"),
            ("percent", "percent = 100\nrate = 1", "rollout.capture.rate"),
        ],
    )
    def test_unknown_key_is_refused(self, faults: Faults, line: str, other: str, key: str) -> None:
        assert faults((line, other)) == (
            f"mortgage.toml: {key}: unknown key, it is not part of the format",
        )

    @pytest.mark.parametrize("name", ["Mortgage", "4you", "a_b", "a" * 21, "mort gage"])
    def test_a_name_that_aws_names_cannot_hold_is_refused(self, faults: Faults, name: str) -> None:
        (fault,) = faults(name=name)
        assert f"found {name!r}, allowed is a small letter" in fault

    def test_a_name_that_ends_in_a_dash_is_refused(self, faults: Faults) -> None:
        """SageMaker's names end in a letter or a digit."""
        assert faults(name="mortgage-") != ()

    def test_a_table_must_be_one(self, faults: Faults) -> None:
        found = faults(("[retrain]", "[left.out]"), ("schema", "schema = 1\nretrain = 3"))
        assert "mortgage.toml: retrain: found 3, allowed is a table" in found
        assert "mortgage.toml: left: unknown key, it is not part of the format" in found

    def test_several_faults_are_told_at_once(self, faults: Faults) -> None:
        found = faults(("owner", ""), ("threshold", "threshold = 2"), ("instances", "copies = 4"))
        assert [fault.split(":")[1].strip() for fault in found] == [
            "owner", "gate.threshold", "serve.instances", "serve.copies",
        ]  # fmt: skip

    def test_a_model_without_features_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "small.toml"
        path.write_text(MINIMAL.replace('x = "number"', ""))
        with pytest.raises(BadSpec, match=r"small\.toml: data\.features: missing"):
            read(path)


class TestContradictions:
    @pytest.mark.parametrize(
        ("column", "line"),
        [("application_id", "price"), ("approve", "price"), ("white", "price"), ("ssn", "price")],
        ids=["key", "label", "facet", "personal data"],
    )
    def test_a_column_that_must_never_be_a_feature(
        self, faults: Faults, column: str, line: str
    ) -> None:
        (fault,) = faults((line, f'{column} = "category"'))
        assert fault.startswith(f"mortgage.toml: data.features.{column}: ")
        assert fault.endswith("is never a feature")

    def test_bias_of_what_is_no_facet(self, faults: Faults) -> None:
        (fault,) = faults(("[gate.bias.white]", "[gate.bias.hispan]"))
        assert fault.startswith("mortgage.toml: gate.bias.hispan: found a facet that")
        assert "['white']" in fault

    def test_a_first_upload_that_waits_less_than_the_quiet_period(self, faults: Faults) -> None:
        (fault,) = faults(("max_wait", 'max_wait = "9m"'))
        assert fault.startswith("mortgage.toml: train.max_wait: found ")

    def test_none_are_told_of_a_value_that_was_refused(self, faults: Faults) -> None:
        (fault,) = faults(("max_wait", 'max_wait = "31d"'))
        assert "found '31d'" in fault

    def test_a_rollout_that_ends_before_its_waits_are_over(self, faults: Faults) -> None:
        """SageMaker: MaximumExecutionTimeoutInSeconds exceeds the sum of the waits."""
        found = faults(
            ("termination_wait", 'termination_wait = "1h"'), ("timeout", 'timeout = "10m"')
        )
        assert len(found) == 1

    @pytest.mark.parametrize("column", ["approve", "name", "white"])
    def test_a_column_with_two_roles(self, faults: Faults, column: str) -> None:
        (fault,) = faults(("key", f'key = "{column}"'))
        assert fault.startswith(f"mortgage.toml: data: found '{column}' twice, allowed is one role")


@pytest.mark.parametrize(
    "content", [b"schema = ", b"a = 1\na = 2", b"\xff\xfe", b"[data\n"]
)  # fmt: skip
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(BadSpec, match=r"^broken\.toml: not TOML: "):
        read(path)


class TestFolder:
    def write(self, folder: Path, **prefixes: str) -> Path:
        for name, prefix in prefixes.items():
            text = MINIMAL.replace("small/incoming/", prefix)
            (folder / f"{name}.toml").write_text(text)
        return folder

    def test_models_apart_from_each_other_are_read(self, tmp_path: Path) -> None:
        self.write(tmp_path, one="in/a/", two="in/ab/", three="in/b/")
        assert sorted(read_all(tmp_path)) == ["one", "three", "two"]

    def test_an_empty_folder_holds_no_model(self, tmp_path: Path) -> None:
        assert read_all(tmp_path) == {}

    @pytest.mark.parametrize("other", ["in/a/", "in/", "in/a/b/"])
    def test_overlapping_prefixes_are_refused(self, tmp_path: Path, other: str) -> None:
        self.write(tmp_path, one="in/a/", two=other, three="in/c/")
        with pytest.raises(BadSpec, match="which overlaps with") as bad:
            read_all(tmp_path)
        assert "one.toml" in bad.value.faults[0]
        assert "two.toml" in bad.value.faults[0]

    def test_the_faults_of_all_files_are_told_together(self, tmp_path: Path) -> None:
        self.write(tmp_path, one="no-slash", two="in/b/", three="in/b/")
        (tmp_path / "four.toml").write_text("=")
        with pytest.raises(BadSpec) as bad:
            read_all(tmp_path)
        first, second, third = bad.value.faults
        assert first.startswith("four.toml: not TOML")
        assert second.startswith("one.toml: data.prefix")
        assert "overlaps" in third
        assert str(bad.value).splitlines() == list(bad.value.faults)
