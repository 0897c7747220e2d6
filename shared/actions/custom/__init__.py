"""This deployment's own actions and projections: every module here is found by itself."""
