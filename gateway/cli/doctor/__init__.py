"""The command `doctor`: what a process needs, tried out part by part."""
