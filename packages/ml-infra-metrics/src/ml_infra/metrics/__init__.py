"""Evaluation metrics for ML that are right or refused, in one pass, with an interval on every number."""
