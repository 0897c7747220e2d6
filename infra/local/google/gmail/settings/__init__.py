"""users.settings: what an account has set, and how Gmail answers about it."""
