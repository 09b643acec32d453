"""What the release sessions of the noxfile do, one noun a module."""
