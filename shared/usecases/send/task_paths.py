"""The paths of the tasks that go on with sends."""

from typing import Final

SEND_TASK: Final = "/tasks/send"
BULK_TASK: Final = "/tasks/send/bulk"
