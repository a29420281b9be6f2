"""Code maps: THL's codes against local ones, as codecs that serve both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.codecs.values import Codec, Untranslatable, code_of, text
from mappings.codecs.xml import xml_text

__all__ = ["code_map"]

_SHARED = "The code map joins several codes in one, which is read as another of them."


def code_map(name: str, pairs: Mapping[str, str], system: str = "", *, one_way: bool = False) -> Codec:
    """The codec of one code map between THL's codes and local ones.

    In: `pairs` THL code → local code, one to one unless `one_way`; `system` is the code system on THL's side, empty for
    plain texts. A shared local code is read as the first code that is listed with it; `lossy` tells of the loss.
    Raises: ValueError when two codes share a local code and the map is not `one_way`.
    """
    back = {local: code for code, local in reversed(list(pairs.items()))}
    if len(back) != len(pairs) and not one_way:
        raise ValueError(f"The code map {name} is not one-to-one.")

    def write(value: Any) -> Any:
        coded = code_of(value) if system else {"code": text(value), "system": "", "display": ""}
        if coded["code"] not in pairs or coded["system"] != system:
            raise Untranslatable("code_is_in_the_code_map")
        local = pairs[coded["code"]]
        return {"@koodi": local, "#text": xml_text(coded["display"])} if system else local

    def read(value: Any) -> Any:
        local = value.get("@koodi") if isinstance(value, dict) else value
        if not isinstance(local, str) or local not in back:
            raise Untranslatable("code_is_in_the_code_map")
        if not system:
            return back[local]
        return {"system": system, "code": back[local], "display": str(value.get("#text", ""))}

    lossy = _SHARED if len(back) != len(pairs) else ""
    return Codec(name, write, read, lossy, pairs)
