"""What both stores write alike: documents as JSON, search terms, pages of records."""
