"""The only hands: files, processes, the engine, registries, this machine's state. Nothing here decides."""
