"""The console's templates, style and script."""
