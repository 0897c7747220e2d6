"""What the product reads of mail: records, projected records, files, and how models are named."""
