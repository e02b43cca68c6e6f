"""The operations that the embedded SageMaker answers; everything else is refused."""

COVERED: dict[str, frozenset[str]] = {
    service: frozenset(operations.split())
    for service, operations in {
        "sagemaker": """
            AddTags CreateDataQualityJobDefinition CreateEndpoint CreateEndpointConfig
            CreateModel CreateModelBiasJobDefinition CreateModelExplainabilityJobDefinition
            CreateModelPackage CreateModelPackageGroup CreateModelQualityJobDefinition
            CreateMonitoringSchedule CreatePipeline CreateProcessingJob CreateTrainingJob
            DeleteDataQualityJobDefinition DeleteEndpoint DeleteEndpointConfig DeleteModel
            DeleteModelBiasJobDefinition DeleteModelExplainabilityJobDefinition
            DeleteModelPackage DeleteModelPackageGroup DeleteModelQualityJobDefinition
            DeleteMonitoringSchedule DeletePipeline DeleteTags DescribeDataQualityJobDefinition
            DescribeEndpoint DescribeEndpointConfig DescribeModel DescribeModelBiasJobDefinition
            DescribeModelExplainabilityJobDefinition DescribeModelPackage
            DescribeModelPackageGroup DescribeModelQualityJobDefinition
            DescribeMonitoringSchedule DescribePipeline DescribePipelineDefinitionForExecution
            DescribePipelineExecution DescribeProcessingJob DescribeTrainingJob
            ListDataQualityJobDefinitions ListEndpointConfigs ListEndpoints
            ListModelBiasJobDefinitions ListModelExplainabilityJobDefinitions
            ListModelPackageGroups ListModelPackages ListModelQualityJobDefinitions ListModels
            ListMonitoringExecutions ListMonitoringSchedules ListPipelineExecutionSteps
            ListPipelineExecutions ListPipelineParametersForExecution ListPipelines
            ListProcessingJobs ListTags StartMonitoringSchedule StartPipelineExecution
            StopMonitoringSchedule StopPipelineExecution StopProcessingJob StopTrainingJob
            UpdateEndpoint UpdateEndpointWeightsAndCapacities UpdateModelPackage
            UpdateMonitoringSchedule UpdatePipeline""",
        "sagemaker-runtime": "InvokeEndpoint InvokeEndpointAsync",
    }.items()
}
