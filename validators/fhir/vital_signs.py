"""Judges an Observation of a vital sign by the profile that R4 asks of it, whether or not it names the profile.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/observation-vitalsigns.html; the SNOMED CT codes of the same signs
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validators.fhir.findings import Place
from validators.fhir.profiles import apply_profile
from validators.fhir.scope import Run

__all__ = ["check_vital_sign"]

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_LOINC = "http://loinc.org"
_SNOMED = "http://snomed.info/sct"
_PROFILES: Mapping[tuple[str, str], tuple[str, str]] = {
    (_LOINC, "85353-1"): ("vitalspanel", "85353-1"),
    (_LOINC, "9279-1"): ("resprate", "9279-1"),
    (_LOINC, "8867-4"): ("heartrate", "8867-4"),
    (_LOINC, "2708-6"): ("oxygensat", "2708-6"),
    (_LOINC, "8310-5"): ("bodytemp", "8310-5"),
    (_LOINC, "8302-2"): ("bodyheight", "8302-2"),
    (_LOINC, "9843-4"): ("headcircum", "9843-4"),
    (_LOINC, "29463-7"): ("bodyweight", "29463-7"),
    (_LOINC, "39156-5"): ("bmi", "39156-5"),
    (_LOINC, "85354-9"): ("bp", "85354-9"),
    (_SNOMED, "86290005"): ("resprate", "9279-1"),
    (_SNOMED, "364075005"): ("heartrate", "8867-4"),
    (_SNOMED, "276885007"): ("bodytemp", "8310-5"),
    (_SNOMED, "27113001"): ("bodyweight", "29463-7"),
    (_SNOMED, "60621009"): ("bmi", "39156-5"),
    (_SNOMED, "75367002"): ("bp", "85354-9"),
}
"""The profile of each code, and the LOINC code that the profile asks for beside any other."""


def check_vital_sign(run: Run, observation: Mapping[str, Any], place: Place) -> None:
    """Judges an Observation by the profile of its vital sign.

    Issues: fhir_vital_sign_has_its_code and those of profiles
    """
    concept = observation.get("code")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        key = (str(coding.get("system")), str(coding.get("code"))) if isinstance(coding, dict) else ("", "")
        found = _PROFILES.get(key)
        if found is None:
            continue
        profile, code = found
        wanted = any(isinstance(c, dict) and (c.get("system"), c.get("code")) == (_LOINC, code) for c in codings or ())
        if wanted:
            apply_profile(run, _CORE + profile, observation, place)
        else:
            run.findings.add("fhir_vital_sign_has_its_code", (place, "code", "code"), code=code)
        return
