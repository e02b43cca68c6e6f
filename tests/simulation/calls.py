"""The calls that each function makes, on which faults are tried; the crash sweep holds it true."""

# fmt: off
CALLS: dict[str, set[str]] = {
    "training": {
        "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query",
        "dynamodb:TransactWriteItems", "s3:GetObject", "s3:ListObjectVersions", "s3:PutObject",
        "sagemaker:DescribeEndpoint", "sagemaker:DescribePipeline",
        "sagemaker:DescribePipelineDefinitionForExecution", "sagemaker:DescribePipelineExecution",
        "sagemaker:ListEndpoints", "sagemaker:ListPipelineExecutionSteps",
        "sagemaker:ListPipelineExecutions", "sagemaker:StartPipelineExecution", "sns:Publish",
    },
    "approval": {
        "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query",
        "dynamodb:TransactWriteItems", "s3:GetObject", "s3:HeadObject",
        "sagemaker:DescribeModelPackage", "sagemaker:DescribePipelineExecution",
        "sagemaker:ListEndpoints", "sagemaker:ListModelPackages",
        "sagemaker:ListPipelineExecutionSteps", "sagemaker:UpdateModelPackage", "sns:Publish",
        "sqs:SendMessage",
    },
    "rollout": {
        "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:RegisterScalableTarget", "cloudwatch:DeleteAlarms",
        "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:PutMetricAlarm",
        "cloudwatch:PutMetricData", "dynamodb:GetItem", "dynamodb:Query",
        "dynamodb:TransactWriteItems", "s3:HeadObject", "sagemaker:CreateEndpoint",
        "sagemaker:CreateEndpointConfig", "sagemaker:CreateModel", "sagemaker:DeleteEndpoint",
        "sagemaker:DeleteEndpointConfig", "sagemaker:DeleteModel",
        "sagemaker:DeleteMonitoringSchedule", "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel",
        "sagemaker:DescribeModelPackage", "sagemaker:ListEndpointConfigs",
        "sagemaker:ListEndpoints", "sagemaker:ListModelPackages",
        "sagemaker:ListMonitoringSchedules", "sagemaker:UpdateEndpoint", "sns:Publish",
    },
    "drift": {
        "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query",
        "dynamodb:TransactWriteItems", "s3:GetObject", "s3:HeadObject", "s3:ListObjectsV2",
        "s3:PutObject", "sagemaker:CreateDataQualityJobDefinition",
        "sagemaker:CreateModelQualityJobDefinition", "sagemaker:CreateMonitoringSchedule",
        "sagemaker:CreateProcessingJob", "sagemaker:DeleteDataQualityJobDefinition",
        "sagemaker:DeleteModelQualityJobDefinition", "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeProcessingJob", "sagemaker:ListDataQualityJobDefinitions",
        "sagemaker:ListEndpoints", "sagemaker:ListModelBiasJobDefinitions",
        "sagemaker:ListModelExplainabilityJobDefinitions",
        "sagemaker:ListModelQualityJobDefinitions", "sagemaker:ListMonitoringExecutions",
        "sagemaker:ListMonitoringSchedules", "sagemaker:ListProcessingJobs",
        "sagemaker:UpdateMonitoringSchedule", "sns:Publish", "sqs:SendMessage",
    },
    "sweep": {
        "dynamodb:Query", "dynamodb:TransactWriteItems", "kms:Sign", "s3:PutObject",
        "sqs:SendMessage",
    },
}
# fmt: on
