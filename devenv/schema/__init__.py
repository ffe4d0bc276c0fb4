"""The shapes of the files that people write (pydantic), and our sentences for what is wrong with one. Pure."""
