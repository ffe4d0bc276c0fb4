"""What devenv decides: values in, values out. Nothing here touches the world."""
