"""Puts a sheet on paper: tagged PDF, archivable and accessible.

Source: ISO 19005-2:2011 (PDF/A-2a), ISO 14289-1:2014 (PDF/UA-1).
"""

from __future__ import annotations

from interop.printing.paper import Printed, count_pages, print_sheet

__all__ = ["Printed", "count_pages", "print_sheet"]
