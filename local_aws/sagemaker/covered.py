"""The operations that the embedded SageMaker answers; everything else is refused."""

COVERED: dict[str, frozenset[str]] = {
    service: frozenset(operations.split())
    for service, operations in {
        "sagemaker": """
            AddTags CreateEndpoint CreateEndpointConfig CreateModel CreateModelPackage
            CreateModelPackageGroup CreatePipeline CreateProcessingJob CreateTrainingJob
            DeleteEndpoint DeleteEndpointConfig DeleteModel DeleteModelPackage
            DeleteModelPackageGroup DeletePipeline DeleteTags DescribeEndpoint
            DescribeEndpointConfig DescribeModel DescribeModelPackage
            DescribeModelPackageGroup DescribePipeline
            DescribePipelineDefinitionForExecution DescribePipelineExecution
            DescribeProcessingJob DescribeTrainingJob ListEndpointConfigs ListEndpoints
            ListModelPackageGroups ListModelPackages ListModels ListPipelineExecutionSteps
            ListPipelineExecutions ListPipelineParametersForExecution ListPipelines
            ListProcessingJobs ListTags
            StartPipelineExecution StopPipelineExecution StopProcessingJob StopTrainingJob
            UpdateEndpoint UpdateEndpointWeightsAndCapacities UpdateModelPackage UpdatePipeline""",
        "sagemaker-runtime": "InvokeEndpoint InvokeEndpointAsync",
    }.items()
}
