"""The codecs that mapping tables name, in one registry."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.codecs.code_maps import code_map
from mappings.codecs.fhir import FHIR_CODECS
from mappings.codecs.values import VALUE_CODECS, Codec, Untranslatable
from mappings.codecs.xml import XML_CODECS

__all__ = ["CODECS", "Codec", "Untranslatable", "code_map"]

CODECS: Mapping[str, Codec] = {codec.name: codec for codec in (*VALUE_CODECS, *XML_CODECS, *FHIR_CODECS)}
