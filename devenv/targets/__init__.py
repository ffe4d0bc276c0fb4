"""What devenv renders: one module a target, each a function from values to files. Pure."""
