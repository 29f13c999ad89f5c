"""What chat platforms post to us. They authenticate by their signatures."""
