// Shows what has changed.
