"""From a template to calls: the template language whole, and nothing silently left out."""

import pytest

from local_aws.deploy import DeployError, Stack


class Api:
    """Notes what is called; answers what a queue's creation answers."""

    def __init__(self):
        self.calls = []

    def __call__(self, service, operation, **parameters):
        self.calls.append((service, operation, parameters))
        return {"QueueUrl": f"http://local/{parameters.get('QueueName')}"}


def deploy(resources, parameters=None, **sections):
    api = Api()
    outputs = Stack({"Resources": resources, **sections}, api, "app", parameters or {}).deploy()
    return api.calls, outputs


def queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


@pytest.mark.parametrize(
    ("value", "is_"),
    [
        ({"Ref": "Colour"}, "red"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Fn::Sub": "${Colour}-${Q.QueueName}-${!Colour}"}, "red-q-${Colour}"),
        ({"Fn::Sub": ["${A}", {"A": {"Ref": "Q"}}]}, "http://local/q"),
        ({"Fn::GetAtt": ["Q", "Arn"]}, "arn:aws:sqs:eu-west-1:123456789012:q"),
        ({"Fn::GetAtt": "Q.QueueName"}, "q"),
        ({"Fn::If": ["IsRed", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Neither", "yes", "no"]}, "no"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Colour"}]]}, "a-red"),
        ({"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Colour"}, "big"]}, "9"),
    ],
)
def test_a_value_is_what_cloudformation_would_make_of_it(value, is_):
    _, outputs = deploy(
        {"Q": queue(QueueName="q")},
        Parameters={"Colour": {"Default": "red"}},
        Mappings={"Sizes": {"red": {"big": "9"}}},
        Conditions={
            "IsRed": {"Fn::Equals": [{"Ref": "Colour"}, "red"]},
            "Neither": {
                "Fn::And": [
                    {"Fn::Not": [{"Condition": "IsRed"}]},
                    {"Fn::Or": [{"Condition": "IsRed"}, {"Condition": "IsRed"}]},
                ]
            },
        },
        Outputs={"Out": {"Value": value}},
    )
    assert outputs == {"Out": is_}


def test_what_is_named_is_made_first_and_once():
    calls, _ = deploy(
        {
            "Late": {**queue(QueueName="late"), "DependsOn": "Middle"},
            "Middle": queue(QueueName={"Fn::Sub": "after-${Early.QueueName}"}),
            "Early": queue(QueueName="early"),
        }
    )
    assert [p["QueueName"] for _, _, p in calls] == ["early", "after-early", "late"]


def test_what_a_condition_forbids_is_not_made_and_no_value_leaves_a_property_out():
    no_value = {"Ref": "AWS::NoValue"}
    calls, _ = deploy(
        {
            "No": {**queue(), "Condition": "Never"},
            "Q": queue(QueueName="q", DelaySeconds={"Fn::If": ["Never", 5, no_value]}),
        },
        Conditions={"Never": {"Fn::Equals": ["a", "b"]}},
    )
    assert [(p["QueueName"], p["Attributes"]) for _, _, p in calls] == [("q", {})]


def test_a_resource_without_a_name_gets_the_same_one_each_time():
    assert deploy({"Q": queue()})[0] == deploy({"Q": queue()})[0]


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"N": {"Type": "AWS::EC2::VPC"}}, r"N \(AWS::EC2::VPC\): this type is not covered"),
        ({"Q": queue(Colour="red")}, r"the property Colour is not covered"),
        ({"Q": {**queue(), "CreationPolicy": {}}}, r"CreationPolicy is not covered"),
        ({"Q": queue(QueueName={"Fn::Base64": "x"})}, r"the function Fn::Base64 is not covered"),
        ({"Q": queue(QueueName={"Ref": "Nobody"})}, r"there is no resource Nobody"),
        ({"Q": queue(QueueName={"Fn::GetAtt": "P.No"}), "P": queue()}, r"attribute P.No is not"),
        ({"Q": {**queue(), "DependsOn": "P"}, "P": {**queue(), "DependsOn": "Q"}}, r"Q -> P -> Q"),
        ({"Q": {**queue(), "Condition": "What"}}, r"there is no condition What"),
    ],
)
def test_what_is_not_covered_stops_the_deployment(resources, said):
    with pytest.raises(DeployError, match=said):
        deploy(resources)


@pytest.mark.parametrize(
    ("declared", "given", "said"),
    [
        ({"P": {}}, {}, "P has no default and no value was given"),
        (
            {"P": {"Type": "Number", "MinValue": 1}},
            {"P": "0"},
            "'0'; allowed is: a number from 1 to",
        ),
        ({"P": {"Type": "Number", "MaxValue": 9}}, {"P": "ten"}, "'ten'; allowed is: a number"),
        ({"P": {"Default": "X", "AllowedPattern": "[a-z]+"}}, {}, r"P is 'X'; allowed is: \[a-z\]"),
        ({"P": {"AllowedValues": ["a", "b"]}}, {"P": "c"}, "P is 'c'; allowed is: a, b"),
        ({}, {"P": "c"}, "the template has no parameter P"),
    ],
)
def test_a_parameter_must_be_known_and_allowed(declared, given, said):
    with pytest.raises(DeployError, match=said):
        deploy({"Q": queue()}, given, Parameters=declared)
