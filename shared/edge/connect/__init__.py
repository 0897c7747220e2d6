"""An end user's browser asks: the connect page and Google's callback."""
