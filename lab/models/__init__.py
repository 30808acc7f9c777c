"""Chat models: the offline scripted one, real ones, and how a run's stop cuts what they are asked."""

from lab.models.chat_models import OfflineModel, explain, load_openai_model, make_model
from lab.models.stopping import RunStopped, StopSignal, stopped_by

__all__ = [
    "OfflineModel",
    "RunStopped",
    "StopSignal",
    "explain",
    "load_openai_model",
    "make_model",
    "stopped_by",
]
