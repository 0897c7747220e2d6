"""Who is calling: by which key or session, from which address, and how often."""
