"""functions/approval: what was registered is judged and told; people's words are noted once."""

import pytest

from tests.steward.builders import ALICE, BOB, ROLE, SAGEMAKER
from tests.steward.functions.house import ARTIFACTS, NAME, House, arn

APPROVED = ("version 1", "approved")


class TestJudgement:
    def test_is_recorded_and_told_with_the_commands_to_answer(self, house: House) -> None:
        house.judged()
        assert house.decisions("approval") == [("version 1", "passed")]
        (message,) = house.said
        assert message["Subject"] == "[mortgage] version 1: the gate says passed"
        assert "auc 0.720, at least 0.650 is needed" in message["Message"]
        for word in ("Approved", "Rejected"):
            command = (
                "aws sagemaker update-model-package --region eu-west-1 "
                f"--model-package-arn {arn(1)} --model-approval-status {word} "
            )
            assert command in message["Message"]
        assert house.asked("rollout") == []

    def test_of_a_version_that_failed_says_how_to_override(self, house: House) -> None:
        house.judged(auc=0.6)
        assert house.decisions("approval") == [("version 1", "failed")]
        assert "override: <reason>" in house.said[0]["Message"]
        assert "failed: auc 0.600, at least 0.650 is needed" in house.said[0]["Message"]

    def test_is_made_once(self, house: House) -> None:
        house.judged()
        before = house.tables()
        house.clock.pass_by(minutes=5)
        assert house.deliver("approval", house.version_event(), {"look_at": "mortgage"}) == 0
        assert house.tables() == before
        assert len(house.said) == 1

    def test_needs_no_event(self, house: House) -> None:
        """SageMaker's events are best effort; the sweep asks for a look."""
        house.trained()
        house.registered()
        house.look("approval")
        assert house.decisions("approval") == [("version 1", "passed")]

    def test_waits_for_the_run_to_be_recorded(self, house: House) -> None:
        """The version is registered while training has not noted the run's execution."""
        house.deliver("training", house.upload())
        house.clock.pass_by(minutes=10)
        house.sagemaker.meanwhile["DescribePipelineExecution"] = lambda: 1 / 0
        house.look("training", times=1)
        house.aws.s3.put_object(Bucket=ARTIFACTS, Key="m", Body=b"m")
        execution = next(iter(house.sagemaker.executions))
        house.sagemaker.register(1, MetadataProperties={"GeneratedBy": execution})
        assert house.look("approval", times=1) == 1
        assert house.decisions("approval") == []
        house.look("training")
        assert house.look("approval", times=1) == 0
        assert house.decisions("approval") == [("version 1", "held")]

    def test_of_a_report_that_is_no_json_holds(self, house: House) -> None:
        house.trained()
        event = house.registered()
        house.aws.s3.put_object(
            Bucket=ARTIFACTS, Key="runs/mortgage/r1/bias/analysis.json", Body=b"{"
        )
        house.deliver("approval", event)
        assert house.decisions("approval") == [("version 1", "held")]
        assert "the bias report is missing or broken" in house.said[0]["Message"]

    @pytest.mark.parametrize("gone", ["evaluation/analysis.json", "model/model.tar.gz"])
    def test_of_evidence_that_is_gone_holds(self, house: House, gone: str) -> None:
        house.trained()
        event = house.registered()
        house.aws.s3.delete_object(Bucket=ARTIFACTS, Key=f"runs/mortgage/r1/{gone}")
        house.deliver("approval", event)
        assert house.decisions("approval") == [("version 1", "held")]

    @pytest.mark.parametrize("state", ["Pending", "InProgress"])
    def test_waits_until_the_package_is_complete(self, house: House, state: str) -> None:
        house.trained()
        event = house.registered()
        house.sagemaker.packages[arn(1)]["ModelPackageStatus"] = state
        assert house.deliver("approval", event, {"look_at": "mortgage"}) == 0
        assert house.decisions("approval") == []
        house.sagemaker.packages[arn(1)]["ModelPackageStatus"] = "Completed"
        house.look("approval")
        assert house.decisions("approval") == [("version 1", "passed")]

    def test_of_a_package_that_sagemaker_failed_to_complete_fails(self, house: House) -> None:
        house.trained()
        event = house.registered()
        house.sagemaker.packages[arn(1)]["ModelPackageStatus"] = "Failed"
        house.deliver("approval", event)
        assert house.decisions("approval") == [("version 1", "failed")]
        assert "the package is Failed, Completed is needed" in house.said[0]["Message"]

    def test_of_a_version_that_no_pipeline_made_holds(self, house: House) -> None:
        """Somebody registers by hand: there is no run to ask who started it."""
        house.sagemaker.register(1)
        assert house.deliver("approval", house.version_event()) == 0
        assert house.decisions("approval") == [("version 1", "held")]

    def test_does_not_ask_who_started_a_run_of_somebody_elses_pipeline(self, house: House) -> None:
        """The function may describe executions of the model's own pipeline alone."""
        foreign = f"{SAGEMAKER}:pipeline/other-team/execution/x"
        house.sagemaker.register(1, MetadataProperties={"GeneratedBy": foreign})
        assert house.deliver("approval", house.version_event()) == 0
        assert house.decisions("approval") == [("version 1", "held")]
        assert "DescribePipelineExecution" not in house.sagemaker.calls

    def test_that_fails_does_not_keep_other_versions_from_being_judged(self, house: House) -> None:
        """The message still fails: the queue tries again, and a person learns of it in the end."""
        house.sagemaker.register(1)
        house.sagemaker.register(2)
        house.sagemaker.meanwhile["DescribeModelPackage"] = lambda: 1 / 0
        assert house.look("approval", times=1) == 1
        assert house.decisions("approval") == [("version 2", "held")]
        assert house.look("approval", times=1) == 0
        assert house.decisions("approval") == [("version 2", "held"), ("version 1", "held")]

    def test_compares_with_the_version_that_serves(self, house: House) -> None:
        house.serving(1)
        house.trained(2)
        event = house.registered(2)
        house.deliver("approval", event)
        assert house.decisions("approval")[-1] == ("version 2", "held")
        assert "the evidence is stale" in house.said[-1]["Message"]


class TestWord:
    def test_is_handed_to_rollout_also_when_another_version_fails(self, house: House) -> None:
        house.judged(1)
        house.sagemaker.register(2)
        house.says(1)
        fails = house.sagemaker.packages.pop(arn(2))
        house.sagemaker.packages[arn(2)] = fails | {"ModelPackageArn": arn(3)}
        assert house.look("approval", times=1) == 1
        assert house.decisions("approval")[-1] == APPROVED
        assert house.asked("rollout") != []

    def test_of_a_person_is_noted_and_rollout_asked_to_look(self, house: House) -> None:
        house.judged()
        assert house.deliver("approval", house.says(1, words="looks good")) == 0
        assert house.decisions("approval")[-1] == APPROVED
        row = house.row("version#0000000001")
        assert row is not None
        assert (row["status"], row["approval"]["by"]) == ("Approved", "bob")
        assert row["approval"]["words"] == "looks good"
        assert house.asked("rollout") == ['{"look_at":"mortgage"}']
        assert ("rollout", "mortgage") in house.sweep()

    def test_is_noted_once_however_often_it_is_told(self, house: House) -> None:
        house.judged()
        event = house.says(1)
        house.deliver("approval", event)
        before = house.tables()
        house.clock.pass_by(minutes=5)
        assert house.deliver("approval", event, event, {"look_at": "mortgage"}) == 0
        assert house.tables() == before

    def test_needs_no_event(self, house: House) -> None:
        house.judged()
        house.says(1)
        house.look("approval")
        assert house.decisions("approval")[-1] == APPROVED

    def test_is_not_changed_by_an_edit_of_an_approved_version(self, house: House) -> None:
        house.judged()
        house.deliver("approval", house.says(1))
        before = house.tables()
        house.clock.pass_by(minutes=5)
        house.sagemaker.decide(arn(1), "Approved", "typo", ALICE.arn)
        house.deliver("approval", house.version_event(1, "ApprovalDescription"))
        assert house.tables() == before

    def test_that_was_taken_back_and_given_again_counts_anew(self, house: House) -> None:
        house.judged()
        house.deliver("approval", house.says(1))
        house.deliver("approval", house.says(1, "Rejected", "wait"))
        house.deliver("approval", house.says(1, words="now"))
        kinds = [kind for _, kind in house.decisions("approval")]
        assert kinds == ["passed", "approved", "rejected", "approved"]

    def test_given_again_before_anybody_looked_counts_anew(self, house: House) -> None:
        house.judged()
        house.deliver("approval", house.says(1))
        house.says(1, "Rejected")
        house.deliver("approval", house.says(1, words="after all"))
        row = house.row("version#0000000001")
        assert row is not None
        assert row["approval"]["words"] == "after all"

    @pytest.mark.parametrize(
        ("who", "why"),
        [(ROLE.arn, "is no person with a name"), (BOB.arn, "bob also made the version")],
    )
    def test_of_a_bare_role_or_the_maker_does_not_count(
        self, house: House, who: str, why: str
    ) -> None:
        house.trained()
        event = house.registered()
        maker = {"IamIdentity": {"Arn": who}}
        house.sagemaker.packages[arn(1)]["CreatedBy"] = maker
        house.deliver("approval", event, house.says(1, who=who))
        row = house.row("version#0000000001")
        assert row is not None
        assert row["approval"]["counts"] is False
        assert why in row["approval"]["reason"]
        house.look("rollout")
        assert house.sagemaker.endpoints == {}

    @pytest.mark.parametrize(("who", "counts"), [(ALICE.arn, False), (BOB.arn, True)])
    def test_of_who_started_the_run_does_not_count(
        self, house: House, who: str, counts: bool
    ) -> None:
        house.trained()
        (execution,) = house.sagemaker.executions.values()
        execution["CreatedBy"] = {"IamIdentity": {"Arn": ALICE.arn}}
        house.deliver("approval", house.registered(), house.says(1, who=who))
        row = house.row("version#0000000001")
        assert row is not None
        assert row["approval"]["counts"] is counts
        house.look("rollout")
        assert (NAME in house.sagemaker.endpoints) is counts

    @pytest.mark.parametrize("case", ["a bare role", "a failed gate"])
    def test_that_changes_nothing_is_told_to_its_owner(self, house: House, case: str) -> None:
        """Otherwise somebody approves, nothing happens, and nobody is told why."""
        house.judged(auc=0.6 if case == "a failed gate" else 0.72)
        house.said.clear()
        who = ROLE.arn if case == "a bare role" else BOB.arn
        house.deliver("approval", house.says(1, who=who))
        house.look("rollout")
        assert len(house.said) == 1

    @pytest.mark.parametrize(
        ("words", "starts"), [("fine", False), ("override: the board asked", True)]
    )
    def test_on_a_version_whose_gate_failed_must_override_it(
        self, house: House, words: str, starts: bool
    ) -> None:
        house.judged(auc=0.6)
        house.deliver("approval", house.says(1, words=words))
        house.look("rollout")
        assert (NAME in house.sagemaker.endpoints) is starts

    def test_that_overrides_may_come_after_a_word_that_did_not(self, house: House) -> None:
        house.judged(auc=0.6)
        house.deliver("approval", house.says(1, words="fine"))
        house.says(1, words="override: the board asked")
        house.look("approval")
        house.look("rollout")
        assert NAME in house.sagemaker.endpoints

    def test_on_a_version_that_was_created_as_approved_is_noted(self, house: House) -> None:
        house.trained()
        event = house.registered()
        house.sagemaker.decide(arn(1), "Approved")
        house.deliver("approval", event)
        assert house.decisions("approval") == [("version 1", "passed"), APPROVED]


@pytest.mark.parametrize("name", ["steward-churn", "steward-dev-mortgage", "handmade"])
def test_a_group_of_no_model_is_ignored_and_counted(
    house: House, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule matches by prefix, and another deployment's may begin with ours."""
    event = house.version_event()
    event["detail"]["ModelPackageGroupName"] = name
    assert house.deliver("approval", event) == 0
    assert house.tables() == []
    assert '"Ignored":[1.0]' in capsys.readouterr().out
