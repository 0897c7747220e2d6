"""Where requests enter, by who asks; `table.py` says which function serves which routes.

An instance of the platform loads what its first answer needs with the garbage collector at rest,
for nothing that is imported is garbage; `web.platform.end_start` sets it to work again.
"""

import gc
import os

if "K_SERVICE" in os.environ:  # set by the platform alone
    gc.disable()
