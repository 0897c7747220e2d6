"""The client without asyncio."""

from .postroom import PostroomSync

__all__ = ["PostroomSync"]
