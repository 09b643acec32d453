"""Retry and timer decorators that survive production ML, without dependencies."""
