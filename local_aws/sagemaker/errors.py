"""What the embedded SageMaker refuses, in AWS's own words and codes.

SageMakerError
├── with code ValidationException      most refusals: unknown names, work in progress, bad input
├── with code ResourceNotFound         where botocore models it: pipelines, jobs, monitoring
├── with code ResourceInUse            a name that is taken, for jobs and monitoring; a use
├── with code ConflictException        one token, two requests; a state that does not allow it
└── with code UnknownOperationException    not covered here: loud, never an empty success
"""


class SageMakerError(Exception):
    """A refusal with AWS's error code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> SageMakerError:
    """The request cannot be met as it is."""
    return SageMakerError("ValidationException", message)


def not_found(message: str) -> SageMakerError:
    """A pipeline, execution, job or part of monitoring that does not exist."""
    return SageMakerError("ResourceNotFound", message)


def in_use(message: str) -> SageMakerError:
    """A name is taken, or a thing is used by another."""
    return SageMakerError("ResourceInUse", message)


def conflict(message: str) -> SageMakerError:
    """Another state or another request stands against it."""
    return SageMakerError("ConflictException", message)


def not_covered(what: str) -> SageMakerError:
    """AWS can do this; the embedded SageMaker cannot yet."""
    return SageMakerError(
        "UnknownOperationException", f"The embedded SageMaker does not cover {what}."
    )
