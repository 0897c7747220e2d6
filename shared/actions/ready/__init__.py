"""Ready syncs, served where POSTROOM_SYNCS names them: copy one into `custom/` to change it."""
