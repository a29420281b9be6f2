"""What the Kanta document adds to a record's display: its profile, its metadata, and the checks on reading one.

Source: Sosiaalihuollon asiakirjastandardi 3.3 (27.9.2023); how it embeds the data is provisional, see `profile.toml`.
"""

from __future__ import annotations

__all__: list[str] = []
