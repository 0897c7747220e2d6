"""A strict stand-in for Cloud KMS, for tests of the sealer."""
