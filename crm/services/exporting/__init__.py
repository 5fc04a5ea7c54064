"""What goes out as a file: lists as they are filtered, made at once or in the background."""
