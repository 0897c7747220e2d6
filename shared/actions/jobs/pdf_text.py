"""The text of a PDF, read in a process of its own: it ends when it takes too long or too much."""

import asyncio
import os
import sys
from typing import Final

from shared.domain.mail.files.zipped import UnreadableFileError

SECONDS: Final = 15
MEMORY: Final = 1 << 30
MOST_PAGES: Final = 200
LOCKED: Final = 3
"""How the process ends for a file that needs a password."""
PROGRAM: Final = f"""
import io, resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
from pypdf import PasswordType, PdfReader
reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
    sys.exit({LOCKED})
for page in reader.pages[:{MOST_PAGES}]:
    text = page.extract_text().strip().encode("utf-8", "replace")
    sys.stdout.buffer.write(text + b"\\n\\n")
"""
INHERITED: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "HOME")
"""What of the environment it needs to find its packages: no setting, and so no secret."""


async def pdf_text(data: bytes) -> str:
    """Return the text of the first MOST_PAGES pages. Raises UnreadableFileError."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        stdin=pipe,
        stdout=pipe,
        stderr=nothing,  # its words may quote the file
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
    )
    try:
        async with asyncio.timeout(SECONDS):
            text, _ = await process.communicate(data)
    except TimeoutError:
        raise UnreadableFileError(f"This PDF takes more than {SECONDS} s to read.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == LOCKED:
        raise UnreadableFileError("This PDF needs a password.")
    if process.returncode:
        raise UnreadableFileError("This PDF cannot be read.")
    return text.decode().strip()
