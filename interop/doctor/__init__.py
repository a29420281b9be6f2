"""Examines an installation before and while it works: what is wrong, and what to do about it. It changes nothing."""

from __future__ import annotations

from interop.doctor.diagnosis import Diagnosis, Level
from interop.doctor.examination import Bounds, examined

__all__ = ["Bounds", "Diagnosis", "Level", "examined"]
