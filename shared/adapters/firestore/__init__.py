"""Every collection on Firestore."""
