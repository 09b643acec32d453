"""Scaling, clipping, validation and drift detection for ML data: exact, mergeable, on any container."""
