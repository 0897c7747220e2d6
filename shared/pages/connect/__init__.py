"""The connect page and everything an end user sees on the way to Google and back."""
