"""What SageMaker measures of each invocation, by endpoint and by the fleet that answered.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from local_aws.kernel import Measurement, World
from local_aws.sagemaker.fleets import Serving

NAMESPACE = "AWS/SageMaker"
_MICROSECONDS = 1e6
# What the embedded SageMaker itself adds to a request is not worth measuring.
_OVERHEAD = 1000.0


def measure(world: World, endpoint: str, serving: Serving, status: int, seconds: float) -> None:
    """Publish the metrics of one request; `status` is what the container answered."""
    answered = 200 <= status < 300
    counts = {
        "Invocations": 1.0,
        "Invocation4XXErrors": float(400 <= status < 500),
        "Invocation5XXErrors": float(status >= 500),
        "InvocationModelErrors": float(not answered),
    }
    latencies = {"ModelLatency": seconds * _MICROSECONDS, "OverheadLatency": _OVERHEAD}
    variant = {"EndpointName": endpoint, "VariantName": serving.variant}
    if instances := world.instances(endpoint, serving.variant):
        share = 1 / instances
        name = "InvocationsPerInstance"
        world.measure(Measurement(NAMESPACE, name, variant, share, "Count"))
    for dimensions in (variant, variant | {"EndpointConfigName": serving.config}):
        for name, value in counts.items():
            world.measure(Measurement(NAMESPACE, name, dimensions, value, "Count"))
        for name, value in latencies.items() if answered else ():
            world.measure(Measurement(NAMESPACE, name, dimensions, value, "Microseconds"))
