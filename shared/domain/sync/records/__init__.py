"""Records: what is stored of a message, how it is shown, found, projected and sent on."""
