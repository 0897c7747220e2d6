"""The documentation as pages: which there are, their Markdown, their HTML, and searching them."""
