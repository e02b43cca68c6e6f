"""What can be watched in production."""

DATA_QUALITY, PREDICTION_DRIFT, MODEL_QUALITY, BIAS, EXPLAINABILITY = KINDS = (
    "data_quality",
    "prediction_drift",
    "model_quality",
    "bias",
    "explainability",
)
# What came true must be known for these.
NEED_OUTCOMES = (MODEL_QUALITY, BIAS)
