"""What gcloud can say of a project before Terraform makes anything in it: `make preflight`."""
