"""The playground: actions and own syncs, tried before they are run."""
