"""What is shown: HTML blueprints, one file for each noun."""
