"""Structured JSON-lines logging for ML pipelines that can never stop the training."""
