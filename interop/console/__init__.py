"""The console: pages that an operator, an auditor or a reader of plans looks at in a browser.

Everything is rendered on the server and can be read without a script; one script of ours refreshes what is live. No
other host is ever asked for anything.
"""

from __future__ import annotations

from interop.console.application import MOUNT, application

__all__ = ["MOUNT", "application"]
