"""The configs by which LangGraph is told of which thread, and of which checkpoint, something is asked."""

from langchain_core.runnables import RunnableConfig


def thread_config(thread_id: str, namespace: str | None = None) -> RunnableConfig:
    """Return the config that names a thread, or the graph of a namespace in it."""
    return {"configurable": {"thread_id": thread_id, **({} if namespace is None else {"checkpoint_ns": namespace})}}


def checkpoint_config(thread_id: str, checkpoint_id: str, namespace: str = "") -> RunnableConfig:
    """Return the config that names one checkpoint of a thread."""
    return at_checkpoint(thread_config(thread_id, namespace), checkpoint_id)


def at_checkpoint(config: RunnableConfig, checkpoint_id: str | None) -> RunnableConfig:
    """Return a thread's config that names one of its checkpoints, and all else that it held.

    With None the library asks which checkpoint is the newest, and reads none.
    """
    place = config["configurable"]
    namespace = {"checkpoint_ns": place.get("checkpoint_ns", "")}
    return {**config, "configurable": {**place, **namespace, "checkpoint_id": checkpoint_id}}


def place_of(config: RunnableConfig) -> RunnableConfig:
    """Return only what names the thread and its checkpoint, without a run's limits, metadata and callbacks."""
    return {"configurable": dict(config["configurable"])}


def thread_id_of(config: RunnableConfig) -> str:
    """Return the id of the thread that a config names."""
    return str(config["configurable"]["thread_id"])


def checkpoint_id_of(config: RunnableConfig | None) -> str:
    """Return the id of the checkpoint that a config names; empty where it names none."""
    return str((config or {}).get("configurable", {}).get("checkpoint_id") or "")
