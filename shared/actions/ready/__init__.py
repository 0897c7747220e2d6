"""Ready syncs, served where POSTROOM_SYNCS names them: copy one into `custom/` to change it."""

from typing import Final

READY: Final = ("contacts", "filters", "labels", "send-as-aliases", "threads")
"""Their names; each module has the name with underscores."""
