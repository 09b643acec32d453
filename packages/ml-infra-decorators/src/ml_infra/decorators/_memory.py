"""Recognise the errors of a device that has run out of memory."""

from __future__ import annotations

_TYPES = {"OutOfMemoryError"}  # torch.OutOfMemoryError, cupy.cuda.memory.…
_MODULES = ("torch", "cupy", "jax", "jaxlib")
_MESSAGES = (
    "out of memory",  # CUDA, HIP, XPU, MPS backends of torch before 2.5 and cuDNN
    "resource_exhausted",  # XLA, so jax on every device
    "defaultcpuallocator: can't allocate memory",  # torch on the CPU
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
)


def is_out_of_memory(error: BaseException) -> bool:
    """
    Return whether an exception means that a device or the machine ran out of memory.

    Knows torch, cupy and jax by their types' names and messages, without importing
    them, and the built-in MemoryError. For `retry(on=...)`.

    >>> is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"))
    True
    >>> is_out_of_memory(RuntimeError("shapes do not match"))
    False
    """
    if isinstance(error, MemoryError):
        return True
    for kind in type(error).__mro__:
        if kind.__name__ in _TYPES and kind.__module__.startswith(_MODULES):
            return True
    # Their older versions and XLA raise plain RuntimeErrors.
    if not isinstance(error, RuntimeError):
        return False
    message = str(error).lower()
    return any(each in message for each in _MESSAGES)
