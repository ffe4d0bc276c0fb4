from devenv.document import *  # noqa
from devenv.document import Document, Unreadable, at, decode, items, table, text_at, LARGEST, LARGEST_YAML  # noqa
